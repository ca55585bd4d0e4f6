using System.Globalization;

namespace Chaku.Model.Templates.Jinja;

/// <summary>Python's way to format: <c>'{} has {n:>3}'.format(x, n=y)</c>.</summary>
internal static class BraceFormat
{
    /// <summary>The method <c>format</c> of text.</summary>
    /// <exception cref="JinjaException">The values do not fit the format.</exception>
    public static MarkedText Apply(BuiltinCall call)
    {
        MarkedText format = call.Text(0);
        MarkedTextBuilder builder = call.Build();
        int automatic = 0;
        int at = 0;
        for (int found; (found = format.Text.AsSpan(at).IndexOfAny('{', '}')) >= 0;)
        {
            found += at;
            _ = builder.Append(format, at, found - at);
            bool isDoubled = found + 1 < format.Length && format.Text[found + 1] == format.Text[found];
            if (isDoubled)
            {
                _ = builder.Append(format, found, 1);
                at = found + 2;
                continue;
            }

            int end = format.Text.IndexOf('}', found);
            if (format.Text[found] == '}' || end < 0)
            {
                throw new JinjaException("a format with a single brace");
            }

            _ = builder.Append(Field(call, format.Text[(found + 1)..end], ref automatic));
            at = end + 1;
        }

        return builder.Append(format.From(at)).Build();
    }

    private static MarkedText Field(BuiltinCall call, string field, ref int automatic)
    {
        int colon = field.IndexOf(':', StringComparison.Ordinal);
        string spec = colon < 0 ? "" : field[(colon + 1)..];
        string name = colon < 0 ? field : field[..colon];
        int bang = name.IndexOf('!', StringComparison.Ordinal);
        string conversion = bang < 0 ? "" : name[(bang + 1)..];
        name = bang < 0 ? name : name[..bang];
        int step = name.IndexOfAny(['.', '[']);
        string first = step < 0 ? name : name[..step];
        object? value = Argument(call, first.Length == 0
            ? (automatic++).ToString(CultureInfo.InvariantCulture)
            : first);
        foreach (string part in step < 0 ? [] : name[step..].Split(['.', '['], StringSplitOptions.RemoveEmptyEntries))
        {
            value = part.EndsWith(']')
                ? Attributes.Follow(call.Run, value, MarkedText.Of(part[..^1]))
                : Attributes.Get(value, part);
        }

        value = conversion switch
        {
            "" => value,
            "s" => Display.Text(call.Run, value),
            "r" => Display.Representation(call.Run, value),
            _ => throw new JinjaException($"the conversion {ModelFormatException.Quote(conversion)} is not supported"),
        };
        return spec.Length == 0 ? Display.Text(call.Run, value) : Parse(spec).Apply(call.Run, value);
    }

    private static object? Argument(BuiltinCall call, string name)
    {
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index))
        {
            return index < call.Extra.Count
                ? call.Extra[index]
                : throw new JinjaException($"a format for value {index} got {call.Extra.Count}");
        }

        return call.Named.TryGetValue(name, out object? value)
            ? value
            : throw new JinjaException($"a format got no value {ModelFormatException.Quote(name)}");
    }

    private static FormatSpec Parse(string text)
    {
        FormatSpec spec = new();
        int at = 0;
        if (text.Length > 1 && AlignmentOf(text[1]) is not null)
        {
            spec = spec with { Fill = text[0], Alignment = AlignmentOf(text[1]) };
            at = 2;
        }
        else if (AlignmentOf(text[0]) is { } alignment)
        {
            spec = spec with { Alignment = alignment };
            at = 1;
        }

        if (at < text.Length && text[at] is '+' or '-' or ' ')
        {
            spec = spec with { Sign = text[at] == '-' ? "" : text[at].ToString() };
            at++;
        }

        if (at < text.Length && text[at] == '0')
        {
            spec = spec with { Fill = '0' };
        }

        spec = spec with { Width = ReadNumber(text, ref at) ?? 0 };
        if (at < text.Length && text[at] == ',')
        {
            spec = spec with { HasCommas = true };
            at++;
        }

        if (at < text.Length && text[at] == '.')
        {
            at++;
            spec = spec with { Precision = ReadNumber(text, ref at) };
        }

        return at + 1 < text.Length
            ? throw new JinjaException($"the format {ModelFormatException.Quote(text)} is not supported")
            : spec with { Kind = at < text.Length ? text[at] : '\0' };
    }

    private static Alignment? AlignmentOf(char sign) => sign switch
    {
        '<' => Alignment.Left,
        '^' => Alignment.Centre,
        '>' => Alignment.Right,
        _ => null,
    };

    private static int? ReadNumber(string text, ref int at)
    {
        const int MaxNumber = 1 << 24;
        int start = at;
        int number = 0;
        for (; at < text.Length && char.IsAsciiDigit(text[at]); at++)
        {
            number = Math.Min(MaxNumber, (number * 10) + text[at] - '0');
        }

        return at > start ? number : null;
    }
}
