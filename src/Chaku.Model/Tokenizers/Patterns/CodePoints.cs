using System.Globalization;
using System.Text;

namespace Chaku.Model.Tokenizers.Patterns;

/// <summary>The properties of code points that patterns ask for, and how they lie in UTF-8.</summary>
internal static class CodePoints
{
    /// <summary>One more than the last code point.</summary>
    public const int Count = 0x110000;

    private const int ReplacementCharacter = 0xFFFD;

    /// <summary>
    /// Reads one code point. Bytes that are no valid UTF-8 count as U+FFFD, together with all continuation bytes behind
    /// them, so that a code point ends exactly where the next byte is no continuation byte.
    /// </summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="position">Where to read, before the end; moved behind the code point.</param>
    public static int Read(ReadOnlySpan<byte> text, ref int position)
    {
        byte first = text[position];
        if (first < 0x80 && (position + 1 == text.Length || !IsContinuation(text[position + 1])))
        {
            position++;
            return first;
        }

        bool isValid = Rune.DecodeFromUtf8(text[position..], out Rune rune, out int length)
            == System.Buffers.OperationStatus.Done;
        int end = position + length;
        while (end < text.Length && IsContinuation(text[end]))
        {
            isValid = false;
            end++;
        }

        position = end;
        return isValid ? rune.Value : ReplacementCharacter;
    }

    /// <summary>Where the code point begins that ends at <paramref name="position"/>.</summary>
    public static int StepBack(ReadOnlySpan<byte> text, int position)
    {
        do
        {
            position--;
        }
        while (position > 0 && IsContinuation(text[position]));
        return position;
    }

    /// <summary>The place itself, or behind the continuation bytes that begin there.</summary>
    public static int EndBefore(ReadOnlySpan<byte> text, int position)
    {
        while (position < text.Length && IsContinuation(text[position]))
        {
            position++;
        }

        return position;
    }

    /// <summary>The general category.</summary>
    public static UnicodeCategory CategoryOf(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint);

    /// <summary>Unicode's White_Space: what <c>\s</c> matches.</summary>
    public static bool IsWhiteSpace(int codePoint) =>
        Rune.TryCreate(codePoint, out Rune rune) && Rune.IsWhiteSpace(rune);

    /// <summary>
    /// What <c>\w</c> matches: letters, marks, decimal digits, connectors, and symbols that are letters.
    /// </summary>
    public static bool IsWord(int codePoint) => CategoryOf(codePoint) is
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
        or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber
        or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
        or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation
        || codePoint is (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169)
            or (>= 0x1F170 and <= 0x1F189);

    /// <summary>The one spelling of letters that differ only in case (Unicode's simple folding).</summary>
    public static int Fold(int codePoint) => codePoint switch
    {
        0x017F => 's',
        0x212A => 'k',
        0x212B => 0x00E5,
        _ => Rune.TryCreate(codePoint, out Rune rune)
            ? Rune.ToLowerInvariant(Rune.ToUpperInvariant(rune)).Value
            : codePoint,
    };

    private static bool IsContinuation(byte value) => (value & 0xC0) == 0x80;
}
