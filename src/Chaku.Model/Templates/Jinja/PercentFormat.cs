namespace Chaku.Model.Templates.Jinja;

/// <summary>C's way to format: <c>'%s has %d' % (x, y)</c>.</summary>
internal sealed class PercentFormat
{
    private const int MaxNumber = 1 << 24;

    private readonly JinjaRun _run;
    private readonly MarkedText _format;
    private readonly object? _values;
    private readonly IReadOnlyList<object?> _items;
    private readonly MarkedTextBuilder _builder;
    private int _used;
    private int _at;

    private PercentFormat(JinjaRun run, MarkedText format, object? values)
    {
        _run = run;
        _format = format;
        _values = values;
        _items = values is JinjaList { Kind: SequenceKind.Tuple } tuple ? tuple.Items : [values];
        _builder = new(run);
    }

    private char Next => _at < _format.Length
        ? _format.Text[_at]
        : throw new JinjaException("a format ends behind '%'");

    /// <summary>Writes values into a format.</summary>
    /// <exception cref="JinjaException">They do not fit it.</exception>
    public static MarkedText Apply(JinjaRun run, MarkedText format, object? values)
    {
        PercentFormat writer = new(run, format, values);
        writer.Write();
        return writer._builder.Build();
    }

    private void Write()
    {
        string text = _format.Text;
        for (int found; (found = text.IndexOf('%', _at)) >= 0;)
        {
            _ = _builder.Append(_format, _at, found - _at);
            _at = found + 1;
            WriteValue();
        }

        _ = _builder.Append(_format.From(_at));
        if (_used < _items.Count && _values is not JinjaDict)
        {
            throw new JinjaException($"a format for {_used} values got {_items.Count}");
        }
    }

    private void WriteValue()
    {
        if (Next == '%')
        {
            _ = _builder.Append(_format, _at++, 1);
            return;
        }

        MarkedText? key = Next == '(' ? ReadKey() : null;
        FormatSpec spec = ReadFlags(new());
        spec = spec with { Width = ReadNumber() ?? 0 };
        if (Next == '.')
        {
            _at++;
            spec = spec with { Precision = ReadNumber() ?? 0 };
        }

        char kind = Next;
        _at++;
        object? value = key is null ? TakeValue() : Attributes.GetItem(_run, _values, key);
        if (kind is 's' or 'r')
        {
            value = kind == 's' ? Display.Text(_run, value) : Display.Representation(_run, value);
            spec = spec with { Alignment = spec.Alignment ?? Alignment.Right, Fill = ' ' };
            kind = 's';
        }

        _ = _builder.Append((spec with { Kind = kind }).Apply(_run, value));
    }

    private object? TakeValue() => _used < _items.Count
        ? _items[_used++]
        : throw new JinjaException($"a format got only {_items.Count} values");

    private MarkedText ReadKey()
    {
        int end = _format.Text.IndexOf(')', _at);
        if (end < 0)
        {
            throw new JinjaException("a format's key does not end");
        }

        MarkedText key = _format.Slice(_at + 1, end - _at - 1);
        _at = end + 1;
        return key;
    }

    private FormatSpec ReadFlags(FormatSpec spec)
    {
        for (; Next is '-' or '+' or ' ' or '0' or '#'; _at++)
        {
            spec = Next switch
            {
                '-' => spec with { Alignment = Alignment.Left },
                '0' => spec with { Fill = '0' },
                '+' => spec with { Sign = "+" },
                ' ' when spec.Sign.Length == 0 => spec with { Sign = " " },
                _ => spec,
            };
        }

        return spec.Alignment is null ? spec : spec with { Fill = ' ' };
    }

    private int? ReadNumber()
    {
        int start = _at;
        int number = 0;
        for (; char.IsAsciiDigit(Next); _at++)
        {
            number = Math.Min(MaxNumber, (number * 10) + Next - '0');
        }

        return _at > start ? number : null;
    }
}
