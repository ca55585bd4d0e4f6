namespace Chaku.Model.Templates.Jinja;

/// <summary>Filters that give text; every character keeps its origin.</summary>
internal static class TextFilters
{
    /// <summary>Their part of the table.</summary>
    public static IReadOnlyList<Builtin> All { get; } =
    [
        new("string", static call => call.Words),
        new("safe", static call => call.Words),
        new("upper", static call => TextOperations.Upper(call.Words)),
        new("lower", static call => TextOperations.Lower(call.Words)),
        new("capitalize", static call => TextOperations.Capitalise(call.Words)),
        new("title", static call => TextOperations.TitleByWords(call.Words)),
        new("trim", static call => TextOperations.Trim(call.Words, call.Get(1) is null ? null : call.Text(1).Text),
            "value, chars"),
        new("replace", static call => TextOperations.Replace(
            call.Run, call.Words, Display.Text(call.Run, call.Required(1)), Display.Text(call.Run, call.Required(2)),
            call.Get(3) is null ? -1 : call.Integer(3, -1)), "value, old, new, count"),
        new("format", Format, "value, *, **"),
        new("indent", Indent, "value, width, first, blank"),
        new("center", static call => TextOperations.Pad(
            call.Run, call.Words, call.Integer(1, 80), Alignment.Centre, ' '), "value, width"),
        new("truncate", Truncate, "value, length, killwords, end, leeway"),
        new("wordcount", static call => (long)call.Words.Text.Split(
            (char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length),
        new("escape", Escape),
        new("e", Escape),
        new("forceescape", Escape),
    ];

    private static MarkedText Format(BuiltinCall call) => PercentFormat.Apply(
        call.Run,
        call.Words,
        call.Named.Count > 0
            ? new JinjaDict(call.Run, call.Named.Select(static entry =>
                KeyValuePair.Create<object?, object?>(MarkedText.Of(entry.Key), entry.Value)))
            : call.Tuple(call.Extra));

    private static MarkedText Indent(BuiltinCall call)
    {
        MarkedText indent = call.Get(1) is MarkedText given
            ? given
            : call.Build().Repeat(MarkedText.Of(" "), call.Integer(1, 4)).Build();
        MarkedTextBuilder builder = call.Build();
        bool isFirst = true;
        MarkedText source = call.Words;
        IReadOnlyList<MarkedText> lines = TextOperations.SplitLines(
            source.Length > 0 && !Characters.IsLineBreak(source.Text[^1]) ? source : WithBreak(call, source));
        foreach (MarkedText line in lines)
        {
            _ = builder.Append(isFirst ? "" : "\n");
            bool isIndented = isFirst ? call.IsTrue(2) : line.Length > 0 || call.IsTrue(3);
            _ = builder.Append(isIndented ? indent : MarkedText.Empty).Append(line);
            isFirst = false;
        }

        return builder.Build();
    }

    // A break at the end begins a line of its own.
    private static MarkedText WithBreak(BuiltinCall call, MarkedText text) =>
        call.Build().Append(text).Append("\n").Build();

    private static MarkedText Truncate(BuiltinCall call)
    {
        MarkedText text = call.Words;
        long length = call.Integer(1, 255);
        MarkedText end = call.Has(3) ? call.Text(3) : MarkedText.Of("...");
        if (text.CodePointCount <= length + call.Integer(4, 5))
        {
            return text;
        }

        long kept = length - end.CodePointCount;
        if (kept < 0)
        {
            throw call.Refuse(1, "a length not below the end's");
        }

        MarkedText start = text.CodePoints(0, (int)kept);
        int space = start.Text.LastIndexOf(' ');
        return call.Build().Append(call.IsTrue(2) || space < 0 ? start : start.Slice(0, space)).Append(end).Build();
    }

    private static MarkedText Escape(BuiltinCall call)
    {
        MarkedText text = call.Words;
        MarkedTextBuilder builder = call.Build();
        for (int index = 0; index < text.Length; index++)
        {
            string? shown = text.Text[index] switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '\'' => "&#39;",
                '"' => "&#34;",
                _ => null,
            };
            _ = builder.Append(shown ?? text.Text.Substring(index, 1), text.OriginAt(index));
        }

        return builder.Build();
    }
}
