namespace Chaku.Model.Templates.Jinja;

/// <summary>The methods of dictionaries; those that would change one are refused, as by Hugging Face.</summary>
internal static class DictMethods
{
    /// <summary>The table.</summary>
    public static IReadOnlyDictionary<string, Builtin> All { get; } = Builtin.Table(
    [
        new("get", static call => Self(call).TryGet(call.Required(1), out object? value) ? value : call.Get(2),
            "dict, key, default"),
        new("keys", static call => View(call, static entry => entry.Key)),
        new("values", static call => View(call, static entry => entry.Value)),
        new("items", static call => call.List(Pairs(call, Self(call)), SequenceKind.View)),
        new("copy", static call => call.Value),
        .. Mutators.Of("clear", "pop", "popitem", "setdefault", "update"),
    ]);

    /// <summary>Keys and values, in tuples.</summary>
    public static List<object?> Pairs(BuiltinCall call, JinjaDict dict) =>
        [.. dict.Entries.Select(entry => call.Tuple(entry.Key, entry.Value))];

    private static JinjaDict Self(BuiltinCall call) => (JinjaDict)call.Value!;

    private static JinjaList View(BuiltinCall call, Func<KeyValuePair<object?, object?>, object?> part) =>
        call.List([.. Self(call).Entries.Select(part)], SequenceKind.View);
}

/// <summary>The methods of lists; those that would change one are refused, as by Hugging Face.</summary>
internal static class ListMethods
{
    /// <summary>The table.</summary>
    public static IReadOnlyDictionary<string, Builtin> All { get; } = Builtin.Table(
    [
        new("count", static call => (long)call.Items().Count(
            item => Comparison.AreEqual(call.Run, item, call.Required(1))), "list, value"),
        new("index", static call => Index(call), "list, value"),
        new("copy", static call => call.Value),
        .. Mutators.Of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"),
    ]);

    private static long Index(BuiltinCall call)
    {
        IReadOnlyList<object?> items = call.Items();
        for (int index = 0; index < items.Count; index++)
        {
            if (Comparison.AreEqual(call.Run, items[index], call.Required(1)))
            {
                return index;
            }
        }

        throw new JinjaException("the list does not have what is sought in it");
    }
}

/// <summary>Methods that would change a list or a dictionary.</summary>
internal static class Mutators
{
    /// <summary>Entries that refuse.</summary>
    public static IEnumerable<Builtin> Of(params IReadOnlyList<string> names) => names.Select(
        static name => new Builtin(
            name,
            call => throw new JinjaException(
                $"'{name}' would change a {Display.TypeName(call.Value)}: values never change in a chat template"),
            "value, *, **"));
}
