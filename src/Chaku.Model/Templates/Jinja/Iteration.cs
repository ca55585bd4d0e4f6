namespace Chaku.Model.Templates.Jinja;

/// <summary>Going through values, and parts of them by number.</summary>
internal static class Iteration
{
    /// <summary>Whether a loop can go through a value.</summary>
    public static bool IsIterable(object? value) => value is MarkedText or JinjaList or JinjaDict or Undefined;

    /// <summary>The items of a list, the keys of a dictionary, the characters of a text.</summary>
    /// <exception cref="JinjaException">The value has none.</exception>
    public static IReadOnlyList<object?> Items(JinjaRun run, object? value)
    {
        switch (value)
        {
            case JinjaList list:
                run.Charge(list.Items.Count);
                return list.Read();
            case JinjaDict dict:
                run.Charge(dict.Entries.Count);
                return [.. dict.Entries.Select(static entry => entry.Key)];
            case MarkedText text:
                run.ChargeItems(text.Length);
                return [.. Enumerable.Range(0, text.CodePointCount).Select(text.CodePoint)];
            case Undefined:
                return [];
            default:
                throw new JinjaException($"no loop goes through a {Display.TypeName(value)}");
        }
    }

    /// <summary>How many there are.</summary>
    /// <exception cref="JinjaException">The value has no length.</exception>
    public static long Length(object? value) => value switch
    {
        MarkedText text => text.CodePointCount,
        JinjaList { Kind: not SequenceKind.Iterator } list => list.Items.Count,
        JinjaDict dict => dict.Entries.Count,
        Undefined => 0,
        _ => throw new JinjaException($"a {Display.TypeName(value)} has no length"),
    };

    /// <summary>Every so manieth part from one place to another, as Python cuts.</summary>
    public static object? Slice(JinjaRun run, object? value, long? start, long? stop, long? step)
    {
        if (step == 0)
        {
            throw new JinjaException("a slice of step 0");
        }

        if (value is not (MarkedText or JinjaList { IsIndexed: true }))
        {
            return value switch
            {
                null => new Undefined("None has no slices"),
                Undefined missing => throw missing.Refuse(),
                _ => throw new JinjaException($"a {Display.TypeName(value)} has no slices"),
            };
        }

        long stride = Math.Clamp(step ?? 1, -int.MaxValue, int.MaxValue);
        (long first, long count) = Range(Length(value), start, stop, stride);
        run.Charge(count);
        if (value is JinjaList list)
        {
            return new JinjaList(
                run,
                [.. Enumerable.Range(0, (int)count).Select(index => list.Items[(int)(first + (index * stride))])],
                list.Kind);
        }

        MarkedText text = (MarkedText)value;
        if (stride == 1)
        {
            run.ChargeText(text.Length);
            return text.CodePoints((int)first, (int)count);
        }

        MarkedTextBuilder builder = new(run);
        for (long index = 0; index < count; index++)
        {
            _ = builder.Append(text.CodePoint((int)(first + (index * stride))));
        }

        return builder.Build();
    }

    private static (long First, long Count) Range(long length, long? start, long? stop, long step)
    {
        long low = step > 0 ? 0 : -1;
        long high = step > 0 ? length : length - 1;
        long Bound(long? bound, long otherwise) =>
            bound is not { } given ? otherwise : Math.Clamp(given < 0 ? given + length : given, low, high);
        long first = Bound(start, step > 0 ? low : high);
        long last = Bound(stop, step > 0 ? high : low);
        long distance = step > 0 ? last - first : first - last;
        long stride = Math.Abs(step);
        return (first, distance <= 0 ? 0 : ((distance - 1) / stride) + 1);
    }
}
