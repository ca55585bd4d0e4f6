using System.Text;

namespace Chaku.Model.Tokenizers.HuggingFace.Normalisers;

/// <summary>Unicode's normalisation, which the runtime leaves out where it has no tables of a culture.</summary>
/// <remarks>Source: Unicode Standard Annex #15, and chapter 3.11 and 3.12 of the standard.</remarks>
internal static class UnicodeNormalisation
{
    private const int HangulStart = 0xAC00;
    private const int LeadStart = 0x1100;
    private const int VowelStart = 0x1161;
    private const int TrailStart = 0x11A7;
    private const int LeadCount = 19;
    private const int VowelCount = 21;
    private const int TrailCount = 28;
    private const int HangulCount = LeadCount * VowelCount * TrailCount;

    /// <summary>The text in that form; the same array where it is in it already.</summary>
    /// <param name="text">Valid UTF-8.</param>
    /// <param name="form">The form.</param>
    public static byte[] Apply(byte[] text, UnicodeForm form)
    {
        if (Ascii.IsValid(text))
        {
            return text;
        }

        UnicodeNormalisationTable table = UnicodeNormalisationTable.Instance;
        if (!MayChange(text, form, table))
        {
            return text;
        }

        List<int> letters = new(text.Length);
        for (ReadOnlySpan<byte> rest = text; !rest.IsEmpty;)
        {
            _ = Rune.DecodeFromUtf8(rest, out Rune letter, out int length);
            Decompose(letter.Value, form.HasFlag(UnicodeForm.CompatibilityDecomposed), table, letters);
            rest = rest[length..];
        }

        Order(letters, table);
        if (form.HasFlag(UnicodeForm.Composed))
        {
            Compose(letters, table);
        }

        return Encode(letters);
    }

    private static bool MayChange(ReadOnlySpan<byte> text, UnicodeForm form, UnicodeNormalisationTable table)
    {
        while (!text.IsEmpty)
        {
            _ = Rune.DecodeFromUtf8(text, out Rune letter, out int length);
            int value = letter.Value;
            if (value >= UnicodeNormalisationTable.FirstValue
                && (table.MayChange(value, form) || IsHangul(value, form)))
            {
                return true;
            }

            text = text[length..];
        }

        return false;
    }

    /// <summary>Whether it is a syllable that comes apart, or a letter that a syllable before it may take in.</summary>
    private static bool IsHangul(int value, UnicodeForm form) => form.HasFlag(UnicodeForm.Composed)
        ? value is >= VowelStart and < TrailStart + TrailCount
        : value is >= HangulStart and < HangulStart + HangulCount;

    private static void Decompose(int letter, bool compatibly, UnicodeNormalisationTable table, List<int> letters)
    {
        int syllable = letter - HangulStart;
        if (syllable is >= 0 and < HangulCount)
        {
            letters.Add(LeadStart + (syllable / (VowelCount * TrailCount)));
            letters.Add(VowelStart + (syllable / TrailCount % VowelCount));
            if (syllable % TrailCount > 0)
            {
                letters.Add(TrailStart + (syllable % TrailCount));
            }
        }
        else if (table.DecompositionOf(letter, compatibly) is { } parts)
        {
            foreach (int part in parts)
            {
                Decompose(part, compatibly, table, letters);
            }
        }
        else
        {
            letters.Add(letter);
        }
    }

    /// <summary>Sorts every run of combining marks by their class, and keeps the order of equals.</summary>
    private static void Order(List<int> letters, UnicodeNormalisationTable table)
    {
        int start = 0;
        while (start < letters.Count)
        {
            int end = start;
            while (end < letters.Count && table.ClassOf(letters[end]) != 0)
            {
                end++;
            }

            if (end - start > 1)
            {
                int[] sorted = [.. letters.GetRange(start, end - start).OrderBy(table.ClassOf)];
                for (int index = 0; index < sorted.Length; index++)
                {
                    letters[start + index] = sorted[index];
                }
            }

            start = end + 1;
        }
    }

    private static void Compose(List<int> letters, UnicodeNormalisationTable table)
    {
        int starter = -1;
        int written = 0;
        int lastClass = 0;
        for (int index = 0; index < letters.Count; index++)
        {
            int letter = letters[index];
            int letterClass = table.ClassOf(letter);
            bool isBlocked = written > starter + 1 && (lastClass == 0 || lastClass >= letterClass);
            if (starter >= 0 && !isBlocked && Join(letters[starter], letter, table) is { } joined)
            {
                letters[starter] = joined;
                continue;
            }

            if (letterClass == 0)
            {
                starter = written;
            }

            lastClass = letterClass;
            letters[written++] = letter;
        }

        letters.RemoveRange(written, letters.Count - written);
    }

    private static int? Join(int left, int right, UnicodeNormalisationTable table)
    {
        int lead = left - LeadStart;
        int vowel = right - VowelStart;
        if (lead is >= 0 and < LeadCount && vowel is >= 0 and < VowelCount)
        {
            return HangulStart + (((lead * VowelCount) + vowel) * TrailCount);
        }

        int syllable = left - HangulStart;
        int trail = right - TrailStart;
        return syllable is >= 0 and < HangulCount && syllable % TrailCount == 0 && trail is > 0 and < TrailCount
            ? left + trail
            : table.CompositionOf(left, right);
    }

    private static byte[] Encode(List<int> letters)
    {
        byte[] text = new byte[letters.Sum(static letter => new Rune(letter).Utf8SequenceLength)];
        int written = 0;
        foreach (int letter in letters)
        {
            written += new Rune(letter).EncodeToUtf8(text.AsSpan(written));
        }

        return text;
    }
}
