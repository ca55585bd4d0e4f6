namespace Chaku.Model.Templates.Jinja;

/// <summary>Where text stands in a wider field.</summary>
internal enum Alignment
{
    /// <summary>At its beginning.</summary>
    Left,

    /// <summary>In its middle.</summary>
    Centre,

    /// <summary>At its end.</summary>
    Right,
}

/// <summary>What filters and methods do with text; every character keeps its origin.</summary>
internal static class TextOperations
{
    /// <summary>In capitals; one character stays one.</summary>
    public static MarkedText Upper(MarkedText text) => text.With(text.Text.ToUpperInvariant());

    /// <summary>In small letters; one character stays one.</summary>
    public static MarkedText Lower(MarkedText text) => text.With(text.Text.ToLowerInvariant());

    /// <summary>The first in capitals, the others in small letters.</summary>
    public static MarkedText Capitalise(MarkedText text) =>
        Cased(text, static (_, index) => index == 0);

    /// <summary>The first letter after anything that is no letter in capitals (<c>str.title</c>).</summary>
    public static MarkedText TitleByLetters(MarkedText text) =>
        Cased(text, static (words, index) => index == 0 || !Characters.IsCased(words[index - 1]));

    /// <summary>The first letter of words that space, hyphens and opening brackets begin (the filter).</summary>
    public static MarkedText TitleByWords(MarkedText text) => Cased(
        text, static (words, index) => index == 0 || Characters.IsSpace(words[index - 1])
            || words[index - 1] is '-' or '(' or '{' or '[' or '<');

    /// <summary>Without some characters, or white space, at its ends.</summary>
    public static MarkedText Trim(MarkedText text, string? characters, bool atStart = true, bool atEnd = true)
    {
        bool IsTrimmed(char character) => characters is null
            ? Characters.IsSpace(character)
            : characters.Contains(character, StringComparison.Ordinal);
        int start = 0;
        int end = text.Length;
        while (atStart && start < end && IsTrimmed(text.Text[start]))
        {
            start++;
        }

        while (atEnd && end > start && IsTrimmed(text.Text[end - 1]))
        {
            end--;
        }

        return text.Slice(start, end - start);
    }

    /// <summary>With other text in the place of some.</summary>
    public static MarkedText Replace(JinjaRun run, MarkedText text, MarkedText old, MarkedText other, long count)
    {
        MarkedTextBuilder builder = new(run);
        int at = 0;
        long done = 0;
        for (int search = 0; done != count; done++)
        {
            int found = search <= text.Length ? text.Text.IndexOf(old.Text, search, StringComparison.Ordinal) : -1;
            if (found < 0)
            {
                break;
            }

            run.Charge(1);
            _ = builder.Append(text, at, found - at).Append(other);
            at = found + old.Length;

            // Nothing is found between all characters, and at both ends.
            search = old.Length > 0 ? at : at < text.Length && char.IsSurrogatePair(text.Text, at) ? at + 2 : at + 1;
        }

        return done == 0 ? text : builder.Append(text.From(at)).Build();
    }

    /// <summary>In a wider field.</summary>
    public static MarkedText Pad(JinjaRun run, MarkedText text, long width, Alignment alignment, char fill)
    {
        JinjaRun.CheckTextLength(width);
        long space = width - text.CodePointCount;
        if (space <= 0)
        {
            return text;
        }

        long before = alignment switch
        {
            Alignment.Left => 0,
            Alignment.Right => space,
            _ => (space / 2) + (space & width & 1),
        };
        return new MarkedTextBuilder(run)
            .Append(fill, before, Origin.Template)
            .Append(text)
            .Append(fill, space - before, Origin.Template)
            .Build();
    }

    /// <summary>The lines, without their ends.</summary>
    public static IReadOnlyList<MarkedText> SplitLines(MarkedText text, bool keepsEnds = false)
    {
        List<MarkedText> lines = [];
        for (int at = 0, end; at < text.Length; at = end)
        {
            int start = at;
            while (at < text.Length && !Characters.IsLineBreak(text.Text[at]))
            {
                at++;
            }

            bool isPair = at + 1 < text.Length && text.Text[at] == '\r' && text.Text[at + 1] == '\n';
            end = Math.Min(text.Length, at + (isPair ? 2 : 1));
            lines.Add(text.Slice(start, (keepsEnds ? end : at) - start));
        }

        return lines;
    }

    private static MarkedText Cased(MarkedText text, Func<string, int, bool> isUpper)
    {
        string words = text.Text;
        return text.With(string.Create(words.Length, (words, isUpper), static (result, state) =>
        {
            for (int index = 0; index < result.Length; index++)
            {
                char character = state.words[index];
                result[index] = state.isUpper(state.words, index)
                    ? char.ToUpperInvariant(character)
                    : char.ToLowerInvariant(character);
            }
        }));
    }
}
