namespace Chaku.Model.Templates.Jinja;

/// <summary>What happens after a statement.</summary>
internal enum Flow
{
    /// <summary>The next one.</summary>
    Next,

    /// <summary>The loop's next turn.</summary>
    Continue,

    /// <summary>What is behind the loop.</summary>
    Break,
}

/// <summary>A part of a template that writes or does something.</summary>
/// <param name="line">Where it stands.</param>
internal abstract class Statement(int line)
{
    /// <summary>Executes it, within the rendering's bounds.</summary>
    public Flow Execute(Scope scope, MarkedTextBuilder output)
    {
        int before = scope.Run.Enter(line);
        Flow flow = Perform(scope, output);
        scope.Run.Leave(before);
        return flow;
    }

    /// <summary>Executes it.</summary>
    protected abstract Flow Perform(Scope scope, MarkedTextBuilder output);
}

/// <summary>Statements one after the other.</summary>
internal sealed class Block(IReadOnlyList<Statement> statements)
{
    /// <summary>Executes them.</summary>
    public Flow Execute(Scope scope, MarkedTextBuilder output)
    {
        foreach (Statement statement in statements)
        {
            Flow flow = statement.Execute(scope, output);
            if (flow != Flow.Next)
            {
                return flow;
            }
        }

        return Flow.Next;
    }

    /// <summary>What they write.</summary>
    public MarkedText Capture(Scope scope)
    {
        MarkedTextBuilder output = new(scope.Run);
        _ = Execute(scope, output);
        return output.Build();
    }
}

/// <summary>Text between the marks.</summary>
internal sealed class TextStatement(int line, string text) : Statement(line)
{
    /// <inheritdoc/>
    protected override Flow Perform(Scope scope, MarkedTextBuilder output)
    {
        _ = output.Append(text);
        return Flow.Next;
    }
}

/// <summary><c>{{ x }}</c>.</summary>
internal sealed class PrintStatement(int line, Expression value) : Statement(line)
{
    /// <inheritdoc/>
    protected override Flow Perform(Scope scope, MarkedTextBuilder output)
    {
        _ = output.Append(Display.Text(scope.Run, value.Evaluate(scope)));
        return Flow.Next;
    }
}

/// <summary><c>{% if %}</c>.</summary>
internal sealed class IfStatement(
    int line,
    IReadOnlyList<(Expression Condition, Block Body)> branches,
    Block otherwise) : Statement(line)
{
    /// <inheritdoc/>
    protected override Flow Perform(Scope scope, MarkedTextBuilder output)
    {
        foreach ((Expression condition, Block body) in branches)
        {
            if (Comparison.IsTrue(condition.Evaluate(scope)))
            {
                return body.Execute(scope, output);
            }
        }

        return otherwise.Execute(scope, output);
    }
}

/// <summary><c>{% set x = y %}</c>.</summary>
internal sealed class SetStatement(int line, Target target, Expression value) : Statement(line)
{
    /// <inheritdoc/>
    protected override Flow Perform(Scope scope, MarkedTextBuilder output)
    {
        target.Assign(scope, value.Evaluate(scope));
        return Flow.Next;
    }
}

/// <summary><c>{% set x %}…{% endset %}</c>.</summary>
internal sealed class SetBlockStatement(int line, Target target, FilterExpression? filter, Block body)
    : Statement(line)
{
    /// <inheritdoc/>
    protected override Flow Perform(Scope scope, MarkedTextBuilder output)
    {
        MarkedText text = body.Capture(scope.Inner());
        target.Assign(scope, filter?.ApplyToBlock(scope, text) ?? text);
        return Flow.Next;
    }
}

/// <summary><c>{% filter name %}…{% endfilter %}</c>.</summary>
internal sealed class FilterStatement(int line, FilterExpression filter, Block body) : Statement(line)
{
    /// <inheritdoc/>
    protected override Flow Perform(Scope scope, MarkedTextBuilder output)
    {
        _ = output.Append(filter.ApplyToBlock(scope, body.Capture(scope.Inner())));
        return Flow.Next;
    }
}

/// <summary><c>{% with x = y %}…{% endwith %}</c>.</summary>
internal sealed class WithStatement(int line, IReadOnlyList<(Target Target, Expression Value)> variables, Block body)
    : Statement(line)
{
    /// <inheritdoc/>
    protected override Flow Perform(Scope scope, MarkedTextBuilder output)
    {
        Scope inner = scope.Inner();
        foreach ((Target target, Expression value) in variables)
        {
            target.Assign(inner, value.Evaluate(scope));
        }

        return body.Execute(inner, output);
    }
}

/// <summary><c>{% generation %}…{% endgeneration %}</c>: Hugging Face's mark of what the model says.</summary>
internal sealed class GenerationStatement(int line, Block body) : Statement(line)
{
    /// <inheritdoc/>
    protected override Flow Perform(Scope scope, MarkedTextBuilder output)
    {
        _ = output.Append(body.Capture(scope.Inner()).AsGenerated());
        return Flow.Next;
    }
}

/// <summary><c>{% break %}</c> and <c>{% continue %}</c>.</summary>
internal sealed class JumpStatement(int line, Flow flow) : Statement(line)
{
    /// <inheritdoc/>
    protected override Flow Perform(Scope scope, MarkedTextBuilder output) => flow;
}
