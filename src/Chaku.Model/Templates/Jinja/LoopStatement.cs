namespace Chaku.Model.Templates.Jinja;

/// <summary><c>{% for x in y if z %}…{% else %}…{% endfor %}</c>.</summary>
internal sealed class LoopStatement(
    int line,
    Target target,
    Expression items,
    Expression? condition,
    Block body,
    Block otherwise) : Statement(line)
{
    /// <inheritdoc/>
    protected override Flow Perform(Scope scope, MarkedTextBuilder output)
    {
        IReadOnlyList<object?> values = Iteration.Items(scope.Run, items.Evaluate(scope));
        if (condition is not null)
        {
            values = [.. values.Where(value => Passes(scope, value))];
        }

        if (values.Count == 0)
        {
            return otherwise.Execute(scope.Inner(), output);
        }

        Loop loop = new(values);
        for (; loop.Index < values.Count; loop.Index++)
        {
            // Every turn has its own variables: what one sets, the next does not see.
            Scope turn = scope.Inner();
            turn.Set("loop", loop);
            target.Assign(turn, values[loop.Index]);
            if (body.Execute(turn, output) == Flow.Break)
            {
                break;
            }
        }

        return Flow.Next;
    }

    private bool Passes(Scope scope, object? value)
    {
        Scope test = scope.Inner();
        target.Assign(test, value);
        return Comparison.IsTrue(condition!.Evaluate(test));
    }
}

/// <summary>What a loop tells its body: the variable <c>loop</c>.</summary>
/// <param name="items">What it goes through.</param>
internal sealed class Loop(IReadOnlyList<object?> items)
{
    private static readonly Dictionary<string, Builtin> Methods = Builtin.Table(
    [
        new("cycle", static call => ((Loop)call.Value!).Cycle(call.Extra), "loop, *"),
        new("changed", static call => ((Loop)call.Value!).HasChanged(call), "loop, *"),
    ]);

    private JinjaList? _last;

    /// <summary>The number of the turn, from 0.</summary>
    public int Index { get; set; }

    /// <summary>An attribute of <c>loop</c>.</summary>
    public object? Get(string name) => name switch
    {
        "index" => Index + 1L,
        "index0" => (long)Index,
        "revindex" => (long)(items.Count - Index),
        "revindex0" => items.Count - Index - 1L,
        "first" => Index == 0,
        "last" => Index == items.Count - 1,
        "length" => (long)items.Count,
        "previtem" => Index > 0 ? items[Index - 1] : new Undefined("there is no previous item"),
        "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new Undefined("there is no next item"),
        "depth" => 1L,
        "depth0" => 0L,
        _ => Methods.TryGetValue(name, out Builtin? method)
            ? new BoundBuiltin(method, this)
            : new Undefined($"'loop' has no attribute {ModelFormatException.Quote(name)}"),
    };

    private object? Cycle(IReadOnlyList<object?> values) => values.Count > 0
        ? values[Index % values.Count]
        : throw new JinjaException("loop.cycle has nothing to go through");

    private bool HasChanged(BuiltinCall call)
    {
        JinjaList values = call.Tuple(call.Extra);
        bool isSame = _last is not null && Comparison.AreEqual(call.Run, _last, values);
        _last = values;
        return !isSame;
    }
}
