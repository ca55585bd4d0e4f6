using System.Globalization;

namespace Chaku.Model.Templates.Jinja;

/// <summary>The functions that every template has.</summary>
internal static class Functions
{
    /// <summary>The table.</summary>
    public static IReadOnlyDictionary<string, Builtin> All { get; } = Builtin.Table(
    [
        new("range", Range, "start, stop, step"),
        new("dict", Dict, "entries, **"),
        new("namespace", Namespace, "entries, **"),
        new("raise_exception", Raise, "message"),
        new("strftime_now", static call => MarkedText.Of(
            TimeFormat.Apply(call.Text(0).Text, call.Run.Clock.GetLocalNow())), "format"),
        new("joiner", static call => new Joiner(call.Get(0, MarkedText.Of(", "))), "separator"),
        new("cycler", static call => new Cycler(call.Extra), "*"),
    ]);

    private static readonly Dictionary<string, Builtin> CyclerMethods = Builtin.Table(
    [
        new("next", static call => ((Cycler)call.Value!).Next()),
        new("reset", static call => ((Cycler)call.Value!).Reset()),
    ]);

    /// <summary>An attribute of a cycler.</summary>
    public static object? Attribute(object target, string name) => target is Cycler cycler
        ? name == "current"
            ? cycler.Current
            : CyclerMethods.TryGetValue(name, out Builtin? method)
                ? new BoundBuiltin(method, cycler)
                : new Undefined($"a cycler has no {ModelFormatException.Quote(name)}")
        : new Undefined($"a joiner has no {ModelFormatException.Quote(name)}");

    private static JinjaList Range(BuiltinCall call)
    {
        long start = call.Has(1) ? call.Integer(0, 0) : 0;
        _ = call.Required(0);
        long stop = call.Integer(call.Has(1) ? 1 : 0, 0);
        long step = call.Integer(2, 1);
        if (step == 0)
        {
            throw new JinjaException("a range of step 0");
        }

        UInt128 distance = (UInt128)Int128.Max(0, step > 0 ? (Int128)stop - start : (Int128)start - stop);
        UInt128 stride = (UInt128)Int128.Abs(step);
        UInt128 count = (distance + stride - 1) / stride;
        if (count > JinjaRun.MaxRange)
        {
            throw new JinjaException(string.Create(
                CultureInfo.InvariantCulture, $"a range of {count:N0} numbers, more than {JinjaRun.MaxRange:N0}"));
        }

        return call.List(
            [.. Enumerable.Range(0, (int)count).Select(index => (object?)(start + (index * step)))],
            SequenceKind.Range);
    }

    private static JinjaDict Dict(BuiltinCall call) => new(call.Run, Entries(call));

    private static JinjaNamespace Namespace(BuiltinCall call)
    {
        JinjaNamespace space = new();
        foreach ((object? key, object? value) in Entries(call))
        {
            space.Variables[Display.Text(call.Run, key).Text] = value;
        }

        return space;
    }

    private static IEnumerable<KeyValuePair<object?, object?>> Entries(BuiltinCall call)
    {
        IEnumerable<KeyValuePair<object?, object?>> first = call.Get(0) switch
        {
            null => [],
            JinjaDict dict => dict.Entries,
            object pairs => Iteration.Items(call.Run, pairs).Select(pair =>
                Iteration.Items(call.Run, pair) is [var key, var value]
                    ? KeyValuePair.Create(key, value)
                    : throw new JinjaException("expected pairs of keys and values")),
        };
        return first.Concat(call.Named.Select(
            static entry => KeyValuePair.Create<object?, object?>(MarkedText.Of(entry.Key), entry.Value)));
    }

    private static object? Raise(BuiltinCall call)
    {
        string message = Display.Text(call.Run, call.Get(0, MarkedText.Empty)).Text;
        throw new JinjaException(
            string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), isRaised: true);
    }
}

/// <summary>Writes nothing the first time, and then what stands between items.</summary>
/// <param name="separator">What stands between items.</param>
internal sealed class Joiner(object? separator) : JinjaCallable
{
    private bool _isUsed;

    /// <inheritdoc/>
    public override string Name => "joiner";

    /// <inheritdoc/>
    public override object? Call(JinjaRun run, Arguments arguments)
    {
        object? value = _isUsed ? separator : MarkedText.Empty;
        _isUsed = true;
        return value;
    }
}

/// <summary>Goes through values again and again.</summary>
/// <param name="values">The values.</param>
internal sealed class Cycler(IReadOnlyList<object?> values)
{
    private int _at;

    /// <summary>The value whose turn it is.</summary>
    public object? Current => values.Count > 0 ? values[_at] : throw new JinjaException("a cycler without values");

    /// <summary>It, and goes on.</summary>
    public object? Next()
    {
        object? value = Current;
        _at = (_at + 1) % values.Count;
        return value;
    }

    /// <summary>Goes back to the first.</summary>
    public object? Reset()
    {
        _at = 0;
        return null;
    }
}
