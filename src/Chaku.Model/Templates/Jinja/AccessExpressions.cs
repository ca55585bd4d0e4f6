namespace Chaku.Model.Templates.Jinja;

/// <summary><c>x.name</c>.</summary>
internal sealed class AttributeExpression(int line, Expression target, string name) : Expression(line)
{
    /// <summary>Whose.</summary>
    public Expression Target => target;

    /// <summary>Which.</summary>
    public string Name => name;

    /// <inheritdoc/>
    protected override object? Compute(Scope scope) => Attributes.Get(target.Evaluate(scope), name);
}

/// <summary><c>x[key]</c>.</summary>
internal sealed class ItemExpression(int line, Expression target, Expression key) : Expression(line)
{
    /// <inheritdoc/>
    protected override object? Compute(Scope scope)
    {
        object? value = target.Evaluate(scope);
        return Attributes.GetItem(scope.Run, value, key.Evaluate(scope));
    }
}

/// <summary><c>x[start:stop:step]</c>.</summary>
internal sealed class SliceExpression(
    int line,
    Expression target,
    Expression? start,
    Expression? stop,
    Expression? step) : Expression(line)
{
    /// <inheritdoc/>
    protected override object? Compute(Scope scope)
    {
        object? value = target.Evaluate(scope);
        return Iteration.Slice(scope.Run, value, Bound(scope, start), Bound(scope, stop), Bound(scope, step));
    }

    private static long? Bound(Scope scope, Expression? bound) => bound?.Evaluate(scope) switch
    {
        null => null,
        object value when Arithmetic.TryInteger(value, out long number) => number,
        Undefined missing => throw missing.Refuse(),
        object value => throw new JinjaException(
            $"a slice is bounded by whole numbers, not a {Display.TypeName(value)}"),
    };
}

/// <summary>The arguments of a call, as written.</summary>
/// <param name="Positional">By place.</param>
/// <param name="Named">By name.</param>
/// <param name="Spread">A list of more, after <c>*</c>.</param>
/// <param name="SpreadNamed">A dictionary of more, after <c>**</c>.</param>
internal sealed record ArgumentList(
    IReadOnlyList<Expression> Positional,
    IReadOnlyList<(string Name, Expression Value)> Named,
    Expression? Spread = null,
    Expression? SpreadNamed = null)
{
    /// <summary>None.</summary>
    public static readonly ArgumentList Empty = new([], []);

    /// <summary>Their values, behind those that stand first.</summary>
    public Arguments Evaluate(Scope scope, params IReadOnlyList<object?> first)
    {
        List<object?> positional = [.. first];
        foreach (Expression argument in Positional)
        {
            positional.Add(argument.Evaluate(scope));
        }

        if (Spread is not null)
        {
            positional.AddRange(Iteration.Items(scope.Run, Spread.Evaluate(scope)));
        }

        Dictionary<string, object?> named = new(StringComparer.Ordinal);
        foreach ((string name, Expression value) in Named)
        {
            named[name] = value.Evaluate(scope);
        }

        foreach ((object? key, object? value) in SpreadNamed?.Evaluate(scope) is JinjaDict dict ? dict.Entries : [])
        {
            named[Display.Text(scope.Run, key).Text] = value;
        }

        return new(positional, named);
    }
}

/// <summary><c>f(x)</c>.</summary>
internal sealed class CallExpression(int line, Expression target, ArgumentList arguments) : Expression(line)
{
    /// <summary>Calls with a block that the called macro may ask for (<c>caller</c>).</summary>
    public object? Call(Scope scope, object? caller)
    {
        object? callee = target.Evaluate(scope);
        Arguments values = arguments.Evaluate(scope);
        if (caller is not null)
        {
            values = values with { Named = new Dictionary<string, object?>(values.Named) { ["caller"] = caller } };
        }

        return callee switch
        {
            JinjaCallable callable => callable.Call(scope.Run, values),
            Undefined missing => throw missing.Refuse(),
            _ => throw new JinjaException($"a {Display.TypeName(callee)} cannot be called"),
        };
    }

    /// <inheritdoc/>
    protected override object? Compute(Scope scope) => Call(scope, caller: null);
}

/// <summary><c>x | filter(arguments)</c>.</summary>
/// <remarks>The target is null where a block's text is what is filtered.</remarks>
internal sealed class FilterExpression(int line, Expression? target, string name, ArgumentList arguments)
    : Expression(line)
{
    /// <summary>Filters a value.</summary>
    public object? Apply(Scope scope, object? value) => Filters.Find(name)
        .Apply(scope.Run, arguments.Evaluate(scope, value));

    /// <summary>Filters a block's text through this and the filters before it.</summary>
    public MarkedText ApplyToBlock(Scope scope, MarkedText text)
    {
        object? value = target is FilterExpression before ? before.ApplyToBlock(scope, text) : text;
        return Display.Text(scope.Run, Apply(scope, value));
    }

    /// <inheritdoc/>
    protected override object? Compute(Scope scope) => Apply(scope, target?.Evaluate(scope));
}

/// <summary><c>x is test(arguments)</c>.</summary>
internal sealed class TestExpression(int line, Expression target, string name, ArgumentList arguments)
    : Expression(line)
{
    /// <inheritdoc/>
    protected override object? Compute(Scope scope)
    {
        object? value = target.Evaluate(scope);
        return Comparison.IsTrue(Tests.Find(name).Apply(scope.Run, arguments.Evaluate(scope, value)));
    }
}
