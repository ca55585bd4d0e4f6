namespace Chaku.Model.Templates.Jinja;

/// <summary>Filters that make something of all items.</summary>
internal static class ListFilters
{
    /// <summary>Their part of the table.</summary>
    public static IReadOnlyList<Builtin> All { get; } =
    [
        new("length", static call => Iteration.Length(call.Value)),
        new("count", static call => Iteration.Length(call.Value)),
        new("list", static call => call.List(call.Items())),
        new("first", static call => call.Items() is [var first, ..] ? first : new Undefined("there is no first item")),
        new("last", Last),
        new("reverse", Reverse),
        new("join", JoinFilter, "value, d, attribute"),
        new("items", Items),
        new("dictsort", SortEntries, "value, case_sensitive, by, reverse"),
        new("sort", Sort, "value, reverse, case_sensitive, attribute"),
        new("unique", Unique, "value, case_sensitive, attribute"),
        new("min", static call => Extreme(call, -1), "value, case_sensitive, attribute"),
        new("max", static call => Extreme(call, 1), "value, case_sensitive, attribute"),
        new("sum", Sum, "value, attribute, start"),
        new("groupby", Group, "value, attribute, default, case_sensitive"),
        new("batch", Batch, "value, linecount, fill_with"),
        new("slice", Slice, "value, slices, fill_with"),
    ];

    /// <summary>Texts, with another between them.</summary>
    public static MarkedText Join(JinjaRun run, MarkedText separator, IReadOnlyList<object?> items)
    {
        MarkedTextBuilder builder = new(run);
        for (int index = 0; index < items.Count; index++)
        {
            _ = builder.Append(index > 0 ? separator : MarkedText.Empty).Append(Display.Text(run, items[index]));
        }

        return builder.Build();
    }

    private static MarkedText JoinFilter(BuiltinCall call)
    {
        MarkedText separator = Display.Text(call.Run, call.Get(1, MarkedText.Empty));
        IReadOnlyList<object?> items = call.Items();
        return Join(call.Run, separator, call.Get(2) is null
            ? items
            : [.. items.Select(item => Attributes.Follow(call.Run, item, call.Get(2)))]);
    }

    private static object? Last(BuiltinCall call) => call.Value is JinjaList { Kind: SequenceKind.Iterator }
        ? throw call.Refuse(0, "a list")
        : call.Items() is [.., var last] ? last : new Undefined("there is no last item");

    private static object? Reverse(BuiltinCall call) => call.Value is MarkedText
        ? Iteration.Slice(call.Run, call.Value, null, null, -1)
        : call.List([.. call.Items().Reverse()], SequenceKind.Iterator);

    private static JinjaList Items(BuiltinCall call) => call.Value switch
    {
        JinjaDict dict => call.List(DictMethods.Pairs(call, dict), SequenceKind.Iterator),
        Undefined => call.List([], SequenceKind.Iterator),
        _ => throw call.Refuse(0, "a dict"),
    };

    // What an item is compared by: an attribute, if one is named, in small letters unless case counts.
    private static Func<object?, object?> Key(BuiltinCall call, int caseIndex, int attributeIndex)
    {
        object? attribute = call.Get(attributeIndex);
        bool isCaseSensitive = call.IsTrue(caseIndex);
        if (attribute is MarkedText paths && paths.Text.Contains(',', StringComparison.Ordinal))
        {
            string[] steps = paths.Text.Split(',');
            return item => call.List(steps.Select(
                step => Fold(Attributes.Follow(call.Run, item, MarkedText.Of(step)), isCaseSensitive)));
        }

        return item => Fold(
            attribute is null ? item : Attributes.Follow(call.Run, item, attribute), isCaseSensitive);
    }

    private static object? Fold(object? value, bool isCaseSensitive) =>
        value is MarkedText text && !isCaseSensitive ? TextOperations.Lower(text) : value;

    private static object?[] Ordered(
        BuiltinCall call, IEnumerable<object?> items, Func<object?, object?> key, bool isReversed)
    {
        Comparer<object?> order = Comparer<object?>.Create((left, right) => Comparison.Order(call.Run, left, right));
        try
        {
            return [.. isReversed ? items.OrderByDescending(key, order) : items.OrderBy(key, order)];
        }
        catch (InvalidOperationException exception) when (exception.InnerException is JinjaException reason)
        {
            throw new JinjaException(reason.Message);
        }
    }

    private static JinjaList Sort(BuiltinCall call) =>
        call.List(Ordered(call, call.Items(), Key(call, 2, 3), call.IsTrue(1)));

    private static JinjaList SortEntries(BuiltinCall call)
    {
        JinjaDict dict = call.Value as JinjaDict ?? throw call.Refuse(0, "a dict");
        int part = call.Has(2) && call.Text(2).Text == "value" ? 1 : 0;
        return call.List(Ordered(
            call,
            DictMethods.Pairs(call, dict),
            pair => Fold(((JinjaList)pair!).Items[part], call.IsTrue(1)),
            call.IsTrue(3)));
    }

    private static JinjaList Unique(BuiltinCall call)
    {
        Func<object?, object?> key = Key(call, 1, 2);
        HashSet<JinjaKey> seen = [];
        return call.List(
            [.. call.Items().Where(item => seen.Add(JinjaKey.Of(key(item))))], SequenceKind.Iterator);
    }

    private static object? Extreme(BuiltinCall call, int sign)
    {
        Func<object?, object?> key = Key(call, 1, 2);
        IReadOnlyList<object?> items = call.Items();
        object? best = items.Count > 0 ? items[0] : new Undefined("an empty list has no least and no largest item");
        foreach (object? item in items.Skip(1))
        {
            best = Comparison.Order(call.Run, key(item), key(best)) * sign > 0 ? item : best;
        }

        return best;
    }

    private static object? Sum(BuiltinCall call)
    {
        object? sum = call.Get(2, 0L);
        foreach (object? item in call.Items())
        {
            object? value = call.Get(1) is null ? item : Attributes.Follow(call.Run, item, call.Get(1));
            sum = Arithmetic.Add(call.Run, sum, value);
        }

        return sum;
    }

    private static JinjaList Group(BuiltinCall call)
    {
        bool isCaseSensitive = call.IsTrue(3);
        object? Value(object? item)
        {
            object? value = Attributes.Follow(call.Run, item, call.Required(1));
            return value is Undefined && call.Has(2) ? call.Get(2) : value;
        }

        List<(object? Key, object? Shown, List<object?> Items)> groups = [];
        object? Key(object? item) => Fold(Value(item), isCaseSensitive);
        foreach (object? item in Ordered(call, call.Items(), Key, isReversed: false))
        {
            object? key = Key(item);
            if (groups.Count == 0 || !Comparison.AreEqual(call.Run, groups[^1].Key, key))
            {
                groups.Add((key, Value(item), []));
            }

            groups[^1].Items.Add(item);
        }

        return call.List(groups.Select(group => new JinjaList(
            call.Run, [group.Shown, call.List(group.Items)], SequenceKind.Tuple)
        {
            FieldNames = ["grouper", "list"],
        }));
    }

    private static JinjaList Batch(BuiltinCall call)
    {
        long size = call.Integer(1, 0);
        List<object?> batches = [];
        foreach (object?[] chunk in call.Items().Chunk((int)Math.Clamp(size, 1, JinjaRun.MaxItems)))
        {
            long missing = call.Get(2) is null ? 0 : size - chunk.Length;
            call.Run.ChargeItems(missing);
            batches.Add(call.List([.. chunk, .. Enumerable.Repeat(call.Get(2), (int)missing)]));
        }

        return call.List(batches, SequenceKind.Iterator);
    }

    private static JinjaList Slice(BuiltinCall call)
    {
        IReadOnlyList<object?> items = call.Items();
        long slices = call.Integer(1, 0);
        if (slices < 1)
        {
            throw call.Refuse(1, "at least 1");
        }

        call.Run.ChargeItems(slices);
        (long length, long longer) = Math.DivRem(items.Count, slices);
        List<object?> result = [];
        int at = 0;
        for (long index = 0; index < slices; index++)
        {
            int count = (int)(length + (index < longer ? 1 : 0));
            List<object?> part = [.. items.Skip(at).Take(count)];
            at += count;
            if (call.Get(2) is not null && index >= longer)
            {
                part.Add(call.Get(2));
            }

            result.Add(call.List(part));
        }

        return call.List(result, SequenceKind.Iterator);
    }
}
