namespace Chaku.Model.Templates.Jinja;

/// <summary>A part of a template that has a value.</summary>
/// <param name="line">Where it stands.</param>
internal abstract class Expression(int line)
{
    /// <summary>Where it stands.</summary>
    public int Line => line;

    /// <summary>Its value, within the rendering's bounds.</summary>
    public object? Evaluate(Scope scope)
    {
        int before = scope.Run.Enter(line);
        object? value = Compute(scope);
        scope.Run.Leave(before);
        return value;
    }

    /// <summary>Its value.</summary>
    protected abstract object? Compute(Scope scope);
}

/// <summary>A value that is written out.</summary>
internal sealed class Literal(int line, object? value) : Expression(line)
{
    /// <inheritdoc/>
    protected override object? Compute(Scope scope) => value;
}

/// <summary>A variable or a function.</summary>
internal sealed class NameExpression(int line, string name) : Expression(line)
{
    /// <summary>Which.</summary>
    public string Name => name;

    /// <inheritdoc/>
    protected override object? Compute(Scope scope) => scope.Get(name);
}

/// <summary>A list or a tuple.</summary>
internal sealed class ListExpression(int line, IReadOnlyList<Expression> items, SequenceKind kind) : Expression(line)
{
    /// <summary>The items.</summary>
    public IReadOnlyList<Expression> Items => items;

    /// <summary>Which of the two.</summary>
    public SequenceKind Kind => kind;

    /// <inheritdoc/>
    protected override object? Compute(Scope scope)
    {
        object?[] values = new object?[items.Count];
        for (int index = 0; index < values.Length; index++)
        {
            values[index] = items[index].Evaluate(scope);
        }

        return new JinjaList(scope.Run, values, kind);
    }
}

/// <summary>A dictionary.</summary>
internal sealed class DictExpression(int line, IReadOnlyList<(Expression Key, Expression Value)> entries)
    : Expression(line)
{
    /// <inheritdoc/>
    protected override object? Compute(Scope scope)
    {
        List<KeyValuePair<object?, object?>> values = new(entries.Count);
        foreach ((Expression key, Expression value) in entries)
        {
            values.Add(new(key.Evaluate(scope), value.Evaluate(scope)));
        }

        return new JinjaDict(scope.Run, values);
    }
}

/// <summary>An operator between two values.</summary>
internal sealed class OperatorExpression(int line, Arithmetic.Operation operation, Expression left, Expression right)
    : Expression(line)
{
    /// <inheritdoc/>
    protected override object? Compute(Scope scope)
    {
        object? first = left.Evaluate(scope);
        return operation(scope.Run, first, right.Evaluate(scope));
    }
}

/// <summary><c>-x</c> and <c>+x</c>.</summary>
internal sealed class SignExpression(int line, bool isMinus, Expression operand) : Expression(line)
{
    /// <inheritdoc/>
    protected override object? Compute(Scope scope)
    {
        object? value = operand.Evaluate(scope);
        object? negated = Arithmetic.Negate(value);
        return isMinus ? negated : value is bool truth ? (truth ? 1L : 0L) : value;
    }
}

/// <summary><c>not x</c>.</summary>
internal sealed class NotExpression(int line, Expression operand) : Expression(line)
{
    /// <inheritdoc/>
    protected override object? Compute(Scope scope) => !Comparison.IsTrue(operand.Evaluate(scope));
}

/// <summary><c>x and y</c>, <c>x or y</c>: the value that decides.</summary>
internal sealed class LogicalExpression(int line, bool isAnd, Expression left, Expression right) : Expression(line)
{
    /// <inheritdoc/>
    protected override object? Compute(Scope scope)
    {
        object? value = left.Evaluate(scope);
        return Comparison.IsTrue(value) == isAnd ? right.Evaluate(scope) : value;
    }
}

/// <summary>Comparisons in a row: <c>a &lt; b &lt;= c</c>, <c>x not in y</c>.</summary>
internal sealed class ComparisonExpression(
    int line,
    Expression first,
    IReadOnlyList<(string Sign, Expression Operand)> others) : Expression(line)
{
    /// <inheritdoc/>
    protected override object? Compute(Scope scope)
    {
        object? left = first.Evaluate(scope);
        foreach ((string sign, Expression operand) in others)
        {
            object? right = operand.Evaluate(scope);
            if (!Holds(scope.Run, sign, left, right))
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    private static bool Holds(JinjaRun run, string sign, object? left, object? right) => sign switch
    {
        "==" => Comparison.AreEqual(run, left, right),
        "!=" => !Comparison.AreEqual(run, left, right),
        "in" => Comparison.Contains(run, right, left),
        "not in" => !Comparison.Contains(run, right, left),
        "<" => Comparison.Order(run, left, right) < 0,
        "<=" => Comparison.Order(run, left, right) <= 0,
        ">" => Comparison.Order(run, left, right) > 0,
        _ => Comparison.Order(run, left, right) >= 0,
    };
}

/// <summary><c>x if condition else y</c>.</summary>
internal sealed class ConditionalExpression(int line, Expression condition, Expression then, Expression? otherwise)
    : Expression(line)
{
    /// <inheritdoc/>
    protected override object? Compute(Scope scope)
    {
        if (Comparison.IsTrue(condition.Evaluate(scope)))
        {
            return then.Evaluate(scope);
        }

        return otherwise is null
            ? new Undefined("an 'if' whose condition is false has no 'else'")
            : otherwise.Evaluate(scope);
    }
}
