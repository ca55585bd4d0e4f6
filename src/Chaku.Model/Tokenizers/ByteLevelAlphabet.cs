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

    /// <summary>How many bytes the text's spelling has.</summary>
    public static int SpelledLength(ReadOnlySpan<byte> text)
    {
        int length = text.Length;
        foreach (byte value in text)
        {
            length += IsItself(value) ? 0 : 1;
        }

        return length;
    }

    /// <summary>The spelling of bytes, in UTF-8.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> text)
    {
        byte[] spelling = new byte[SpelledLength(text)];
        int written = 0;
        foreach (byte value in text)
        {
            if (IsItself(value))
            {
                spelling[written++] = value;
            }
            else
            {
                // Every other letter lies below U+0800 and takes two bytes.
                int letter = Letters[value];
                spelling[written++] = (byte)(0xC0 | (letter >> 6));
                spelling[written++] = (byte)(0x80 | (letter & 0x3F));
            }
        }

        return spelling;
    }

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

    private static bool IsItself(byte value) => value is >= (byte)'!' and <= (byte)'~';

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
