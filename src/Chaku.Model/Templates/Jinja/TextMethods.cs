namespace Chaku.Model.Templates.Jinja;

/// <summary>The methods of text.</summary>
internal static class TextMethods
{
    /// <summary>The table.</summary>
    public static IReadOnlyDictionary<string, Builtin> All { get; } = Builtin.Table(
    [
        new("upper", static call => TextOperations.Upper(call.Text(0))),
        new("lower", static call => TextOperations.Lower(call.Text(0))),
        new("casefold", static call => TextOperations.Lower(call.Text(0))),
        new("capitalize", static call => TextOperations.Capitalise(call.Text(0))),
        new("title", static call => TextOperations.TitleByLetters(call.Text(0))),
        new("strip", static call => Strip(call, true, true), "text, chars"),
        new("lstrip", static call => Strip(call, true, false), "text, chars"),
        new("rstrip", static call => Strip(call, false, true), "text, chars"),
        new("split", static call => SplitMethods.Split(call, fromEnd: false), "text, sep, maxsplit"),
        new("rsplit", static call => SplitMethods.Split(call, fromEnd: true), "text, sep, maxsplit"),
        new("splitlines", static call => call.List(
            TextOperations.SplitLines(call.Text(0), call.IsTrue(1))), "text, keepends"),
        new("partition", static call => SplitMethods.Partition(call, fromEnd: false), "text, sep"),
        new("rpartition", static call => SplitMethods.Partition(call, fromEnd: true), "text, sep"),
        new("join", static call => ListFilters.Join(call.Run, call.Text(0), RequireTexts(call)), "text, iterable"),
        new("replace", static call => TextOperations.Replace(
            call.Run, call.Text(0), call.Text(1), call.Text(2), call.Integer(3, -1)), "text, old, new, count"),
        new("startswith", static call => IsEdge(call, atStart: true), "text, prefix, start, end"),
        new("endswith", static call => IsEdge(call, atStart: false), "text, suffix, start, end"),
        new("removeprefix", static call => RemoveEdge(call, atStart: true), "text, prefix"),
        new("removesuffix", static call => RemoveEdge(call, atStart: false), "text, suffix"),
        new("find", static call => Find(call, fromEnd: false), "text, sub, start, end"),
        new("rfind", static call => Find(call, fromEnd: true), "text, sub, start, end"),
        new("index", static call => RequireFound(Find(call, fromEnd: false)), "text, sub, start, end"),
        new("rindex", static call => RequireFound(Find(call, fromEnd: true)), "text, sub, start, end"),
        new("count", static call => Count(call), "text, sub, start, end"),
        new("format", static call => BraceFormat.Apply(call), "text, *, **"),
        new("ljust", static call => Justify(call, Alignment.Left), "text, width, fillchar"),
        new("rjust", static call => Justify(call, Alignment.Right), "text, width, fillchar"),
        new("center", static call => Justify(call, Alignment.Centre), "text, width, fillchar"),
        new("zfill", ZeroFill, "text, width"),
        new("isalpha", static call => Consists(call, char.IsLetter)),
        new("isdigit", static call => Consists(call, char.IsDigit)),
        new("isdecimal", static call => Consists(call, char.IsDigit)),
        new("isnumeric", static call => Consists(call, char.IsNumber)),
        new("isalnum", static call => Consists(call, char.IsLetterOrDigit)),
        new("isspace", static call => Consists(call, Characters.IsSpace)),
        new("isupper", static call => IsCase(call, char.ToUpperInvariant)),
        new("islower", static call => IsCase(call, char.ToLowerInvariant)),
    ]);

    private static MarkedText Strip(BuiltinCall call, bool atStart, bool atEnd) => TextOperations.Trim(
        call.Text(0), call.Get(1) is null ? null : call.Text(1).Text, atStart, atEnd);

    private static IReadOnlyList<object?> RequireTexts(BuiltinCall call)
    {
        IReadOnlyList<object?> items = Iteration.Items(call.Run, call.Required(1));
        return items.FirstOrDefault(static item => item is not MarkedText) is { } other
            ? throw new JinjaException($"join expects texts, got a {Display.TypeName(other)}")
            : items;
    }

    // The part of the text that two numbers bound, and where it begins, in UTF-16 units.
    private static (string Part, int Start) Part(BuiltinCall call)
    {
        MarkedText text = call.Text(0);
        int Bound(int index, int otherwise)
        {
            long given = call.Get(index) is null ? otherwise : call.Integer(index, 0);
            return (int)Math.Clamp(given < 0 ? given + text.CodePointCount : given, 0, text.CodePointCount);
        }

        if (!call.Has(2) && !call.Has(3))
        {
            return (text.Text, 0);
        }

        int start = text.ToUnit(Bound(2, 0));
        int end = text.ToUnit(Bound(3, text.CodePointCount));
        return (start < end ? text.Text[start..end] : "", start);
    }

    private static bool IsEdge(BuiltinCall call, bool atStart)
    {
        string part = Part(call).Part;
        IReadOnlyList<object?> edges = call.Required(1) is JinjaList { Kind: SequenceKind.Tuple } tuple
            ? tuple.Items
            : [call.Text(1)];
        return edges.Any(edge => edge is MarkedText text && (atStart
            ? part.StartsWith(text.Text, StringComparison.Ordinal)
            : part.EndsWith(text.Text, StringComparison.Ordinal)));
    }

    private static MarkedText RemoveEdge(BuiltinCall call, bool atStart)
    {
        MarkedText text = call.Text(0);
        string edge = call.Text(1).Text;
        return atStart
            ? text.Text.StartsWith(edge, StringComparison.Ordinal) ? text.From(edge.Length) : text
            : text.Text.EndsWith(edge, StringComparison.Ordinal) ? text.Slice(0, text.Length - edge.Length) : text;
    }

    private static long Find(BuiltinCall call, bool fromEnd)
    {
        (string part, int start) = Part(call);
        string sought = call.Text(1).Text;
        int found = fromEnd
            ? part.LastIndexOf(sought, StringComparison.Ordinal)
            : part.IndexOf(sought, StringComparison.Ordinal);
        return found < 0 ? -1 : call.Text(0).ToCodePoint(start + found);
    }

    private static long RequireFound(long place) =>
        place < 0 ? throw new JinjaException("the text does not have what is sought in it") : place;

    private static long Count(BuiltinCall call)
    {
        string part = Part(call).Part;
        string sought = call.Text(1).Text;
        long count = 0;
        if (sought.Length == 0)
        {
            return MarkedText.Of(part).CodePointCount + 1L;
        }

        for (int at = 0; (at = part.IndexOf(sought, at, StringComparison.Ordinal)) >= 0; at += sought.Length)
        {
            count++;
        }

        return count;
    }

    private static MarkedText Justify(BuiltinCall call, Alignment alignment)
    {
        char fill = call.Has(2) ? call.Text(2).Text.FirstOrDefault(' ') : ' ';
        return TextOperations.Pad(call.Run, call.Text(0), call.Integer(1, 0), alignment, fill);
    }

    private static MarkedText ZeroFill(BuiltinCall call)
    {
        MarkedText text = call.Text(0);
        int sign = text.Length > 0 && text.Text[0] is '-' or '+' ? 1 : 0;
        long width = call.Integer(1, 0) - sign;
        return call.Build().Append(text, 0, sign)
            .Append(TextOperations.Pad(call.Run, text.From(sign), width, Alignment.Right, '0')).Build();
    }

    private static bool Consists(BuiltinCall call, Func<char, bool> isOne)
    {
        string text = call.Text(0).Text;
        return text.Length > 0 && text.All(isOne);
    }

    private static bool IsCase(BuiltinCall call, Func<char, char> convert)
    {
        string text = call.Text(0).Text;
        return text.Any(Characters.IsCased) && text.All(character => convert(character) == character);
    }
}
