namespace Chaku.Model.Templates.Jinja;

/// <summary>A macro as it is written.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">The names of its parameters, with what stands for one that is not given.</param>
/// <param name="Body">What it writes.</param>
/// <param name="UsesCaller">Whether it asks for the block of a call.</param>
/// <param name="UsesExtra">Whether it asks for arguments beyond its parameters.</param>
/// <param name="UsesNamed">Whether it asks for arguments of other names.</param>
internal sealed record MacroDefinition(
    string Name,
    IReadOnlyList<(string Name, Expression? Default)> Parameters,
    Block Body,
    bool UsesCaller,
    bool UsesExtra,
    bool UsesNamed);

/// <summary><c>{% macro name(parameters) %}…{% endmacro %}</c>.</summary>
internal sealed class MacroStatement(int line, MacroDefinition definition) : Statement(line)
{
    /// <inheritdoc/>
    protected override Flow Perform(Scope scope, MarkedTextBuilder output)
    {
        scope.Set(definition.Name, new Macro(definition, scope));
        return Flow.Next;
    }
}

/// <summary><c>{% call(parameters) macro(arguments) %}…{% endcall %}</c>.</summary>
internal sealed class CallStatement(int line, CallExpression call, MacroDefinition caller) : Statement(line)
{
    /// <inheritdoc/>
    protected override Flow Perform(Scope scope, MarkedTextBuilder output)
    {
        object? value = call.Call(scope, new Macro(caller, scope));
        _ = output.Append(Display.Text(scope.Run, value));
        return Flow.Next;
    }
}

/// <summary>A macro with the variables that it sees.</summary>
/// <param name="definition">The macro.</param>
/// <param name="home">Where it was defined.</param>
internal sealed class Macro(MacroDefinition definition, Scope home) : JinjaCallable
{
    // What a call takes besides its body: variables, and text to write to.
    private const int StepsOfCall = 10;

    /// <inheritdoc/>
    public override string Name => definition.Name;

    /// <inheritdoc/>
    public override object? Call(JinjaRun run, Arguments arguments)
    {
        run.Charge(StepsOfCall);
        Scope scope = home.Inner();
        Dictionary<string, object?> named = new(arguments.Named);
        BindCaller(scope, named);
        int count = definition.Parameters.Count;
        BindParameters(scope, arguments.Positional, named);
        if (arguments.Positional.Count > count && !definition.UsesExtra)
        {
            throw new JinjaException(
                $"macro {Name} takes up to {count} arguments, got {arguments.Positional.Count}");
        }

        if (named.Count > 0 && !definition.UsesNamed)
        {
            throw new JinjaException(
                $"macro {Name} takes no argument {ModelFormatException.Quote(named.Keys.First())} here");
        }

        if (definition.UsesExtra)
        {
            scope.Set("varargs", new JinjaList(run, [.. arguments.Positional.Skip(count)], SequenceKind.Tuple));
        }

        if (definition.UsesNamed)
        {
            scope.Set("kwargs", new JinjaDict(run, named.Select(
                static entry => KeyValuePair.Create<object?, object?>(MarkedText.Of(entry.Key), entry.Value))));
        }

        return definition.Body.Capture(scope);
    }

    private void BindCaller(Scope scope, Dictionary<string, object?> named)
    {
        if (definition.UsesCaller)
        {
            bool isGiven = named.Remove("caller", out object? caller);
            scope.Set("caller", isGiven ? caller : new Undefined("the macro was not called with a block"));
        }
    }

    private void BindParameters(Scope scope, IReadOnlyList<object?> positional, Dictionary<string, object?> named)
    {
        for (int index = 0; index < definition.Parameters.Count; index++)
        {
            (string name, Expression? otherwise) = definition.Parameters[index];
            object? value;
            if (index < positional.Count)
            {
                value = positional[index];
            }
            else if (!named.Remove(name, out value))
            {
                value = otherwise is null
                    ? new Undefined($"argument {ModelFormatException.Quote(name)} was not given")
                    : otherwise.Evaluate(scope);
            }

            scope.Set(name, value);
        }
    }
}
