namespace Chaku.Model.Templates.Jinja;

/// <summary>Variables, and those around them.</summary>
/// <param name="run">The rendering.</param>
/// <param name="outer">The scope around it; none for the template's variables.</param>
internal sealed class Scope(JinjaRun run, Scope? outer = null)
{
    private readonly Dictionary<string, object?> _variables = new(StringComparer.Ordinal);

    /// <summary>The rendering.</summary>
    public JinjaRun Run => run;

    /// <summary>A scope inside this one: what is set there is gone behind it.</summary>
    public Scope Inner() => new(run, this);

    /// <summary>Sets a variable here.</summary>
    public void Set(string name, object? value) => _variables[name] = value;

    /// <summary>The value of the nearest variable of that name, of a function, or undefined.</summary>
    public object? Get(string name)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._variables.TryGetValue(name, out object? value))
            {
                return value;
            }
        }

        return Functions.All.TryGetValue(name, out Builtin? function)
            ? new BoundBuiltin(function)
            : new Undefined($"{ModelFormatException.Quote(name)} is undefined");
    }

    private Scope? Outer => outer;
}
