namespace Chaku.Model.Templates.Jinja;

/// <summary>The tests: <c>x is name</c>.</summary>
internal static class Tests
{
    private static readonly Dictionary<string, Builtin> All = Builtin.Table(
    [
        new("defined", static call => call.Value is not Undefined),
        new("undefined", static call => call.Value is Undefined),
        new("none", static call => call.Value is null),
        new("boolean", static call => call.Value is bool),
        new("true", static call => call.Value is true),
        new("false", static call => call.Value is false),
        new("string", static call => call.Value is MarkedText),
        new("integer", static call => call.Value is long),
        new("float", static call => call.Value is double),
        new("number", static call => call.Value is long or double or bool),
        new("mapping", static call => call.Value is JinjaDict),
        new("sequence", static call =>
            call.Value is MarkedText or JinjaDict or Undefined or JinjaList { IsIndexed: true }),
        new("iterable", static call => Iteration.IsIterable(call.Value)),
        new("callable", static call => call.Value is JinjaCallable or Undefined),
        new("odd", static call => Remainder(call, 2) == 1),
        new("even", static call => Remainder(call, 2) == 0),
        new("divisibleby", static call => Remainder(call, call.Integer(1, 0)) == 0, "value, num"),
        new("sameas", static call => IsSame(call.Value, call.Required(1)), "value, other"),
        new("lower", static call => IsCase(call.Words, char.ToLowerInvariant)),
        new("upper", static call => IsCase(call.Words, char.ToUpperInvariant)),
        new("in", static call => Comparison.Contains(call.Run, call.Required(1), call.Value), "value, seq"),
        new("filter", static call => Filters.Exists(call.Words.Text)),
        new("test", static call => Exists(call.Words.Text)),
        new("escaped", static _ => false),
        .. Order(static order => order == 0, "eq", "equalto", "=="),
        .. Order(static order => order != 0, "ne", "!="),
        .. Order(static order => order < 0, "lt", "lessthan", "<"),
        .. Order(static order => order <= 0, "le", "<="),
        .. Order(static order => order > 0, "gt", "greaterthan", ">"),
        .. Order(static order => order >= 0, "ge", ">="),
    ]);

    /// <summary>The test of that name.</summary>
    /// <exception cref="JinjaException">There is none.</exception>
    public static Builtin Find(string name) => All.TryGetValue(name, out Builtin? test)
        ? test
        : throw new JinjaException($"there is no test {ModelFormatException.Quote(name)}");

    private static bool Exists(string name) => All.ContainsKey(name);

    private static IEnumerable<Builtin> Order(Func<int, bool> holds, params IReadOnlyList<string> names)
    {
        bool isEquality = holds(-1) == holds(1);
        return names.Select(name => new Builtin(
            name,
            call => holds(isEquality
                ? Comparison.AreEqual(call.Run, call.Value, call.Required(1)) ? 0 : 1
                : Comparison.Order(call.Run, call.Value, call.Required(1))),
            "value, other"));
    }

    private static long Remainder(BuiltinCall call, long divisor)
    {
        object? rest = Arithmetic.Operators["%"](call.Run, call.Value, divisor);
        return rest is long whole ? whole : throw call.Refuse(0, "a whole number");
    }

    private static bool IsSame(object? value, object? other) => value is bool or long or MarkedText
        ? value.Equals(other)
        : ReferenceEquals(value, other);

    private static bool IsCase(MarkedText text, Func<char, char> convert) =>
        text.Text.Any(Characters.IsCased) && text.Text.All(character => convert(character) == character);
}
