using System.Text;

namespace Chaku.Model.Tokenizers;

/// <summary>
/// GPT-2's alphabet: a printable character for every byte, in which byte-level vocabularies are spelled.
/// </summary>
/// <remarks>
/// The printable bytes of Latin-1 are themselves; the others, in ascending order, are U+0100 and up.
/// Source: <c>bytes_to_unicode</c> of OpenAI's gpt-2 <c>encoder.py</c>.
/// </remarks>
internal static class ByteLevelAlphabet
{
    private static readonly char[] Letters = MakeLetters();
    private static readonly Dictionary<char, byte> Bytes = MakeBytes();

    /// <summary>The character that stands for the byte.</summary>
    public static char LetterOf(byte value) => Letters[value];

    /// <summary>What a spelling stands for; a character outside the alphabet stands for its own UTF-8.</summary>
    public static byte[] Decode(ReadOnlySpan<byte> spelling)
    {
        List<byte> bytes = new(spelling.Length);
        while (!spelling.IsEmpty)
        {
            _ = Rune.DecodeFromUtf8(spelling, out Rune letter, out int length);
            if (letter.IsBmp && Bytes.TryGetValue((char)letter.Value, out byte value))
            {
                bytes.Add(value);
            }
            else
            {
                bytes.AddRange(spelling[..length]);
            }

            spelling = spelling[length..];
        }

        return [.. bytes];
    }

    private static char[] MakeLetters()
    {
        char[] letters = new char[256];
        int next = 256;
        for (int value = 0; value < letters.Length; value++)
        {
            bool isPrintable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            letters[value] = (char)(isPrintable ? value : next++);
        }

        return letters;
    }

    private static Dictionary<char, byte> MakeBytes()
    {
        Dictionary<char, byte> bytes = [];
        for (int value = 0; value < Letters.Length; value++)
        {
            bytes.Add(Letters[value], (byte)value);
        }

        return bytes;
    }
}
