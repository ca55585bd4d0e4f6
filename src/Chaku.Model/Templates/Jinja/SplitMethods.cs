namespace Chaku.Model.Templates.Jinja;

/// <summary>The methods that cut text.</summary>
internal static class SplitMethods
{
    /// <summary><c>split</c> and <c>rsplit</c>.</summary>
    public static JinjaList Split(BuiltinCall call, bool fromEnd)
    {
        MarkedText text = call.Text(0);
        long most = call.Integer(2, -1);
        if (call.Get(1) is null)
        {
            return call.List(fromEnd ? WordsFromEnd(text, most) : Words(text, most));
        }

        string separator = call.Text(1).Text;
        if (separator.Length == 0)
        {
            throw call.Refuse(1, "a separator of at least one character");
        }

        return call.List(fromEnd ? PartsFromEnd(text, separator, most) : Parts(text, separator, most));
    }

    /// <summary><c>partition</c> and <c>rpartition</c>.</summary>
    public static JinjaList Partition(BuiltinCall call, bool fromEnd)
    {
        MarkedText text = call.Text(0);
        string separator = call.Text(1).Text;
        int at = separator.Length == 0
            ? throw call.Refuse(1, "a separator of at least one character")
            : fromEnd
                ? text.Text.LastIndexOf(separator, StringComparison.Ordinal)
                : text.Text.IndexOf(separator, StringComparison.Ordinal);
        if (at < 0)
        {
            return fromEnd
                ? call.Tuple(MarkedText.Empty, MarkedText.Empty, text)
                : call.Tuple(text, MarkedText.Empty, MarkedText.Empty);
        }

        return call.Tuple(
            text.Slice(0, at), text.Slice(at, separator.Length), text.From(at + separator.Length));
    }

    private static List<object?> Parts(MarkedText text, string separator, long most)
    {
        List<object?> parts = [];
        int at = 0;
        for (int found; parts.Count != most; at = found + separator.Length)
        {
            found = text.Text.IndexOf(separator, at, StringComparison.Ordinal);
            if (found < 0)
            {
                break;
            }

            parts.Add(text.Slice(at, found - at));
        }

        parts.Add(text.From(at));
        return parts;
    }

    private static List<object?> PartsFromEnd(MarkedText text, string separator, long most)
    {
        List<object?> parts = [];
        int end = text.Length;
        while (parts.Count != most)
        {
            int found = text.Text.AsSpan(0, end).LastIndexOf(separator, StringComparison.Ordinal);
            if (found < 0)
            {
                break;
            }

            parts.Add(text.Slice(found + separator.Length, end - found - separator.Length));
            end = found;
        }

        parts.Add(text.Slice(0, end));
        parts.Reverse();
        return parts;
    }

    private static List<object?> Words(MarkedText text, long most)
    {
        List<object?> words = [];
        int at = SkipSpace(text.Text, 0);
        while (at < text.Length)
        {
            int end = at;
            while (end < text.Length && (words.Count == most || !Characters.IsSpace(text.Text[end])))
            {
                end++;
            }

            words.Add(words.Count == most ? text.From(at) : text.Slice(at, end - at));
            at = SkipSpace(text.Text, end);
        }

        return words;
    }

    private static List<object?> WordsFromEnd(MarkedText text, long most)
    {
        List<object?> words = [];
        int end = TextOperations.Trim(text, null, atStart: false).Length;
        while (end > 0)
        {
            int start = end;
            while (start > 0 && (words.Count == most || !Characters.IsSpace(text.Text[start - 1])))
            {
                start--;
            }

            words.Add(text.Slice(start, end - start));
            end = TextOperations.Trim(text.Slice(0, start), null, atStart: false).Length;
        }

        words.Reverse();
        return words;
    }

    private static int SkipSpace(string text, int at)
    {
        while (at < text.Length && Characters.IsSpace(text[at]))
        {
            at++;
        }

        return at;
    }
}
