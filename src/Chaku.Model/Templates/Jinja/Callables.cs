namespace Chaku.Model.Templates.Jinja;

/// <summary>What a call is made with.</summary>
/// <param name="Positional">By place.</param>
/// <param name="Named">By name.</param>
internal sealed record Arguments(IReadOnlyList<object?> Positional, IReadOnlyDictionary<string, object?> Named)
{
    /// <summary>By place alone.</summary>
    public static Arguments Of(params IReadOnlyList<object?> positional) =>
        new(positional, new Dictionary<string, object?>());
}

/// <summary>What a template can call.</summary>
internal abstract class JinjaCallable
{
    /// <summary>What it is called in templates.</summary>
    public abstract string Name { get; }

    /// <summary>Calls it.</summary>
    public abstract object? Call(JinjaRun run, Arguments arguments);
}

/// <summary>What a filter, a test, a method or a function does.</summary>
internal delegate object? BuiltinBody(BuiltinCall call);

/// <summary>A filter, a test, a method or a function that templates have.</summary>
/// <param name="Name">Its name in templates.</param>
/// <param name="Body">What it does.</param>
/// <param name="Parameters">
/// The names of its parameters: what it is applied to first; <c>*</c> and <c>**</c> take any others.
/// </param>
internal sealed record Builtin(string Name, BuiltinBody Body, string Parameters = "value")
{
    private readonly string[] _names = [.. Parameters.Split(',', StringSplitOptions.TrimEntries
        | StringSplitOptions.RemoveEmptyEntries).Where(static name => name[0] != '*')];

    private readonly bool _takesMore = Parameters.Split(',', StringSplitOptions.TrimEntries).Contains("*");
    private readonly bool _takesNames = Parameters.Contains("**", StringComparison.Ordinal);

    /// <summary>A table of them by name.</summary>
    public static Dictionary<string, Builtin> Table(IReadOnlyList<Builtin> entries) =>
        entries.ToDictionary(static entry => entry.Name, StringComparer.Ordinal);

    /// <summary>Applies it.</summary>
    /// <exception cref="JinjaException">Arguments are missing or too many.</exception>
    public object? Apply(JinjaRun run, Arguments arguments)
    {
        object?[] bound = new object?[_names.Length];
        Array.Fill(bound, BuiltinCall.Missing);
        if (arguments.Positional.Count > bound.Length && !_takesMore)
        {
            throw new JinjaException(
                $"{Name} takes up to {bound.Length} arguments, got {arguments.Positional.Count}");
        }

        int placed = Math.Min(bound.Length, arguments.Positional.Count);
        for (int index = 0; index < placed; index++)
        {
            bound[index] = arguments.Positional[index];
        }

        Dictionary<string, object?> others = [];
        foreach ((string name, object? value) in arguments.Named)
        {
            int index = Array.IndexOf(_names, name);
            if (index >= placed)
            {
                bound[index] = value;
            }
            else if (index >= 0 || !_takesNames)
            {
                throw new JinjaException($"{Name} takes no argument {ModelFormatException.Quote(name)} here");
            }
            else
            {
                others.Add(name, value);
            }
        }

        foreach (object? value in bound)
        {
            run.ChargeText(value is MarkedText text ? text.Length : 0);
        }

        return Body(new(run, this, bound, [.. arguments.Positional.Skip(placed)], others));
    }

    /// <summary>The name of a parameter.</summary>
    public string NameOf(int index) => _names[index];
}

/// <summary>A call of a <see cref="Builtin"/>, its arguments in the order of the parameters.</summary>
internal sealed class BuiltinCall(
    JinjaRun run,
    Builtin builtin,
    object?[] bound,
    IReadOnlyList<object?> extra,
    IReadOnlyDictionary<string, object?> named)
{
    /// <summary>Stands for an argument that was not given.</summary>
    public static readonly object Missing = new();

    /// <summary>The rendering.</summary>
    public JinjaRun Run => run;

    /// <summary>What it is applied to.</summary>
    public object? Value => Required(0);

    /// <summary>What it is applied to, as text.</summary>
    public MarkedText Words => Display.Text(run, Value);

    /// <summary>Arguments beyond the parameters.</summary>
    public IReadOnlyList<object?> Extra => extra;

    /// <summary>Arguments of other names than the parameters'.</summary>
    public IReadOnlyDictionary<string, object?> Named => named;

    /// <summary>Whether an argument was given.</summary>
    public bool Has(int index) => bound[index] != Missing;

    /// <summary>An argument, or what stands for it.</summary>
    public object? Get(int index, object? otherwise = null) => Has(index) ? bound[index] : otherwise;

    /// <summary>An argument that must be given.</summary>
    public object? Required(int index) => Has(index) ? bound[index] : throw Refuse(index, "an argument");

    /// <summary>An argument that must be text.</summary>
    public MarkedText Text(int index) => Required(index) switch
    {
        MarkedText text => text,
        Undefined missing => throw missing.Refuse(),
        _ => throw Refuse(index, "text"),
    };

    /// <summary>An argument that must be a whole number.</summary>
    public long Integer(int index, long otherwise) => !Has(index)
        ? otherwise
        : Arithmetic.TryInteger(bound[index], out long number) ? number : throw Refuse(index, "a whole number");

    /// <summary>Whether an argument counts as true.</summary>
    public bool IsTrue(int index, bool otherwise = false) => Has(index) ? Comparison.IsTrue(bound[index]) : otherwise;

    /// <summary>The items of what it is applied to.</summary>
    public IReadOnlyList<object?> Items() => Iteration.Items(run, Value);

    /// <summary>A new list.</summary>
    public JinjaList List(IEnumerable<object?> items, SequenceKind kind = SequenceKind.List) =>
        new(run, items as IReadOnlyList<object?> ?? [.. items], kind);

    /// <summary>A new tuple.</summary>
    public JinjaList Tuple(params IReadOnlyList<object?> items) => new(run, items, SequenceKind.Tuple);

    /// <summary>A new text, to be put together.</summary>
    public MarkedTextBuilder Build() => new(run);

    /// <summary>The refusal of an argument.</summary>
    public JinjaException Refuse(int index, string expected) => new(
        $"{builtin.Name} expects {expected} for {builtin.NameOf(index)}, got "
        + (Has(index) ? $"a {Display.TypeName(bound[index])}" : "none"));
}

/// <summary>A builtin with what it is applied to, if it is a method.</summary>
/// <param name="builtin">The builtin.</param>
/// <param name="target">What a method belongs to; none for a function.</param>
internal sealed class BoundBuiltin(Builtin builtin, params IReadOnlyList<object?> target) : JinjaCallable
{
    /// <inheritdoc/>
    public override string Name => builtin.Name;

    /// <inheritdoc/>
    public override object? Call(JinjaRun run, Arguments arguments) => builtin.Apply(
        run, target.Count == 0 ? arguments : arguments with { Positional = [.. target, .. arguments.Positional] });
}
