namespace Chaku.Model.Templates.Jinja;

/// <summary>Filters that choose or change items one by one; what they give is always true, and read once.</summary>
internal static class ChoiceFilters
{
    /// <summary>Their part of the table.</summary>
    public static IReadOnlyList<Builtin> All { get; } =
    [
        new("map", Map, "value, *, **"),
        new("select", static call => Choose(call, byAttribute: false, isKept: true), "value, *, **"),
        new("reject", static call => Choose(call, byAttribute: false, isKept: false), "value, *, **"),
        new("selectattr", static call => Choose(call, byAttribute: true, isKept: true), "value, *, **"),
        new("rejectattr", static call => Choose(call, byAttribute: true, isKept: false), "value, *, **"),
    ];

    private static JinjaList Map(BuiltinCall call)
    {
        Func<object?, object?> change;
        if (call.Extra.Count == 0 && call.Named.TryGetValue("attribute", out object? path))
        {
            object? otherwise = call.Named.GetValueOrDefault("default");
            change = item =>
            {
                object? value = Attributes.Follow(call.Run, item, path);
                return value is Undefined && otherwise is not null ? otherwise : value;
            };
        }
        else
        {
            Builtin filter = call.Extra is [MarkedText name, ..]
                ? Filters.Find(name.Text)
                : throw new JinjaException("map expects a filter's name or an attribute");
            change = item => filter.Apply(call.Run, Behind(item, call, 1));
        }

        return call.List([.. call.Items().Select(change)], SequenceKind.Iterator);
    }

    private static JinjaList Choose(BuiltinCall call, bool byAttribute, bool isKept)
    {
        int testAt = byAttribute ? 1 : 0;
        if (call.Extra.Count < testAt)
        {
            throw new JinjaException("expected an attribute's name");
        }

        Func<object?, bool> holds = Comparison.IsTrue;
        if (call.Extra.Count > testAt)
        {
            Builtin test = Tests.Find(Display.Text(call.Run, call.Extra[testAt]).Text);
            holds = value => Comparison.IsTrue(test.Apply(call.Run, Behind(value, call, testAt + 1)));
        }

        return call.List(
            [.. call.Items().Where(item =>
                holds(byAttribute ? Attributes.Follow(call.Run, item, call.Extra[0]) : item) == isKept)],
            SequenceKind.Iterator);
    }

    private static Arguments Behind(object? first, BuiltinCall call, int skipped) =>
        new([first, .. call.Extra.Skip(skipped)], call.Named);
}
