namespace Chaku.Model.Templates.Jinja;

/// <summary>What a value is given to.</summary>
internal abstract class Target
{
    /// <summary>Gives it a value.</summary>
    public abstract void Assign(Scope scope, object? value);
}

/// <summary>A variable.</summary>
internal sealed class NameTarget(string name) : Target
{
    /// <inheritdoc/>
    public override void Assign(Scope scope, object? value) => scope.Set(name, value);
}

/// <summary>A variable of a namespace: <c>ns.x</c>.</summary>
internal sealed class NamespaceTarget(Expression owner, string name) : Target
{
    /// <inheritdoc/>
    public override void Assign(Scope scope, object? value)
    {
        if (owner.Evaluate(scope) is not JinjaNamespace space)
        {
            throw new JinjaException("only a namespace's attributes can be set");
        }

        space.Variables[name] = value;
    }
}

/// <summary>Several, which share the items of a list.</summary>
internal sealed class TupleTarget(IReadOnlyList<Target> targets) : Target
{
    /// <inheritdoc/>
    public override void Assign(Scope scope, object? value)
    {
        IReadOnlyList<object?> items = Iteration.Items(scope.Run, value);
        if (items.Count != targets.Count)
        {
            throw new JinjaException($"expected {targets.Count} values to unpack, got {items.Count}");
        }

        for (int index = 0; index < items.Count; index++)
        {
            targets[index].Assign(scope, items[index]);
        }
    }
}
