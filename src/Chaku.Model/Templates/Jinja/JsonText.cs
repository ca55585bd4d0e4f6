using System.Globalization;

namespace Chaku.Model.Templates.Jinja;

/// <summary>
/// Values as JSON, spelled as Python's <c>json.dumps</c> does with Hugging Face's defaults: a space behind commas and
/// colons, letters of all alphabets as they are.
/// </summary>
internal sealed class JsonText
{
    private readonly JinjaRun _run;
    private readonly MarkedTextBuilder _builder;
    private readonly bool _isAscii;
    private readonly bool _isSorted;
    private readonly MarkedText? _indent;
    private readonly MarkedText _betweenItems;
    private readonly MarkedText _behindKey;

    private JsonText(BuiltinCall call)
    {
        _run = call.Run;
        _builder = call.Build();
        _isAscii = call.IsTrue(1);
        _indent = call.Get(2) switch
        {
            null => null,
            MarkedText text => text,
            _ => call.Build().Repeat(MarkedText.Of(" "), call.Integer(2, 0)).Build(),
        };
        _isSorted = call.IsTrue(4);
        _betweenItems = MarkedText.Of(_indent is null ? ", " : ",");
        _behindKey = MarkedText.Of(": ");
        if (call.Get(3) is { } separators)
        {
            (_betweenItems, _behindKey) = Iteration.Items(_run, separators) is [MarkedText comma, MarkedText colon]
                ? (comma, colon)
                : throw call.Refuse(3, "two texts");
        }
    }

    /// <summary>The filter <c>tojson</c>.</summary>
    public static MarkedText Write(BuiltinCall call)
    {
        JsonText json = new(call);
        json.Write(call.Value, 1);
        return json._builder.Build();
    }

    private void Write(object? value, int depth)
    {
        _run.Charge(1);
        switch (value)
        {
            case null:
                _ = _builder.Append("null");
                break;
            case bool truth:
                _ = _builder.Append(truth ? "true" : "false");
                break;
            case long number:
                _ = _builder.Append(number.ToString(CultureInfo.InvariantCulture));
                break;
            case double number:
                _ = _builder.Append(Number(number));
                break;
            case MarkedText text:
                Quote(text);
                break;
            case JinjaList { IsLiteral: true } list:
                WriteAll('[', ']', list.Items, depth, item => Write(item, depth + 1));
                break;
            case JinjaDict dict:
                WriteAll('{', '}', Sorted(dict), depth, entry => WriteEntry(entry, depth));
                break;
            default:
                throw new JinjaException($"a {Display.TypeName(value)} cannot be written as JSON");
        }
    }

    private IReadOnlyList<KeyValuePair<object?, object?>> Sorted(JinjaDict dict) => _isSorted
        ? [.. dict.Entries.Order(Comparer<KeyValuePair<object?, object?>>.Create(
            (left, right) => Comparison.Order(_run, left.Key, right.Key)))]
        : dict.Entries;

    private void WriteEntry(KeyValuePair<object?, object?> entry, int depth)
    {
        switch (entry.Key)
        {
            case MarkedText text:
                Quote(text);
                break;
            default:
                _ = _builder.Append("\"");
                Write(entry.Key, depth);
                _ = _builder.Append("\"");
                break;
        }

        _ = _builder.Append(_behindKey);
        Write(entry.Value, depth + 1);
    }

    private void WriteAll<T>(char open, char close, IReadOnlyList<T> items, int depth, Action<T> write)
    {
        _ = _builder.Append(open, 1, Origin.Template);
        for (int index = 0; index < items.Count; index++)
        {
            _ = _builder.Append(index > 0 ? _betweenItems : MarkedText.Empty);
            BreakLine(depth);
            write(items[index]);
        }

        BreakLine(items.Count > 0 ? depth - 1 : -1);
        _ = _builder.Append(close, 1, Origin.Template);
    }

    private void BreakLine(int depth)
    {
        if (_indent is not null && depth >= 0)
        {
            _ = _builder.Append("\n").Repeat(_indent, depth);
        }
    }

    private static string Number(double value) => double.IsFinite(value)
        ? Display.Number(value)
        : double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";

    private void Quote(MarkedText text)
    {
        _ = _builder.Append("\"");
        int plain = 0;
        for (int index = 0; index < text.Length; index++)
        {
            if (Escape(text.Text[index]) is { } escape)
            {
                _ = _builder.Append(text, plain, index - plain).Append(escape, text.OriginAt(index));
                plain = index + 1;
            }
        }

        _ = _builder.Append(text.From(plain)).Append("\"");
    }

    private string? Escape(char character) => character switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\f' => "\\f",
        '\b' => "\\b",
        < ' ' => $"\\u{(int)character:x4}",
        > '~' when _isAscii => $"\\u{(int)character:x4}",
        _ => null,
    };
}
