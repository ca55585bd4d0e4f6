using System.Text;

namespace Chaku.Model.Tokenizers;

/// <summary>
/// A text that a vocabulary has no tokens for: some lack the tokens of a few bytes, and have no unknown token either.
/// Leaving those bytes out would make another text of it.
/// </summary>
internal sealed class UnspellableTextException : Exception
{
    /// <summary>Names a character that has no token.</summary>
    public UnspellableTextException(Rune letter)
        : this(letter, "")
    {
    }

    private UnspellableTextException(Rune letter, string reason)
        : base($"the model's vocabulary has no token for the character U+{letter.Value:X4}{reason}: "
            + "take it out of the text, or use another model")
    {
    }

    /// <summary>Names a byte that has no token, and the character that it is part of.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="place">Where the byte is in it.</param>
    public static UnspellableTextException OfByte(ReadOnlySpan<byte> text, int place)
    {
        int start = place;
        while (start > 0 && (text[start] & 0xC0) == 0x80)
        {
            start--;
        }

        _ = Rune.DecodeFromUtf8(text[start..], out Rune letter, out _);
        return new(letter, $", whose byte 0x{text[place]:X2} it lacks");
    }
}
