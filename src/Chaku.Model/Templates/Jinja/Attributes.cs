namespace Chaku.Model.Templates.Jinja;

/// <summary>Attributes and items of values: methods first for <c>x.y</c>, keys first for <c>x['y']</c>.</summary>
internal static class Attributes
{
    /// <summary><c>target.name</c>.</summary>
    public static object? Get(object? target, string name)
    {
        Check(target, name);
        if (Method(target, name) is { } method)
        {
            return method;
        }

        return target is JinjaDict dict && dict.TryGet(MarkedText.Of(name), out object? value)
            ? value
            : Special(target, name, out object? found) ? found : Missing(target, name);
    }

    /// <summary>An attribute that is no key of a dictionary.</summary>
    public static object? GetOnly(object? target, string name)
    {
        Check(target, name);
        return Method(target, name) is { } method
            ? method
            : Special(target, name, out object? found) ? found : Missing(target, name);
    }

    /// <summary><c>target[key]</c>.</summary>
    public static object? GetItem(JinjaRun run, object? target, object? key)
    {
        switch (target)
        {
            case Undefined missing:
                throw missing.Refuse();
            case JinjaDict dict when dict.TryGet(key, out object? value):
                return value;
            case JinjaList { IsIndexed: true } or MarkedText when Arithmetic.TryInteger(key, out long index):
                return At(target, index);
        }

        if (key is not MarkedText name)
        {
            return Missing(target, Display.TypeName(key) is "Undefined" ? "" : Display.Representation(run, key).Text);
        }

        Check(target, name.Text);
        return Method(target, name.Text) is { } method
            ? method
            : Special(target, name.Text, out object? found) ? found : Missing(target, name.Text);
    }

    /// <summary>What a path of names and numbers leads to: <c>a.b.0</c>.</summary>
    public static object? Follow(JinjaRun run, object? target, object? path)
    {
        if (path is not MarkedText text)
        {
            return GetItem(run, target, path);
        }

        foreach (string step in text.Text.Split('.'))
        {
            target = GetItem(run, target, long.TryParse(step, out long index) ? index : MarkedText.Of(step));
        }

        return target;
    }

    private static object? At(object target, long index)
    {
        long length = Iteration.Length(target);
        long place = index < 0 ? index + length : index;
        if (place < 0 || place >= length)
        {
            return new Undefined($"a {Display.TypeName(target)} of {length} has no item {index}");
        }

        return target is JinjaList list ? list.Items[(int)place] : ((MarkedText)target).CodePoint((int)place);
    }

    private static void Check(object? target, string name)
    {
        if (target is Undefined missing)
        {
            throw missing.Refuse();
        }

        // Python's internals: a template that asks for them is after something else than a prompt.
        if (name.StartsWith("__", StringComparison.Ordinal))
        {
            throw new JinjaException(
                $"access to {ModelFormatException.Quote(name)} of a {Display.TypeName(target)} is unsafe");
        }
    }

    private static BoundBuiltin? Method(object? target, string name)
    {
        IReadOnlyDictionary<string, Builtin>? methods = target switch
        {
            MarkedText => TextMethods.All,
            JinjaDict => DictMethods.All,
            JinjaList { IsIndexed: true } => ListMethods.All,
            _ => null,
        };
        return methods is not null && methods.TryGetValue(name, out Builtin? method) ? new(method, target) : null;
    }

    private static bool Special(object? target, string name, out object? value)
    {
        value = null;
        switch (target)
        {
            case Loop loop:
                value = loop.Get(name);
                return true;
            case JinjaNamespace space:
                return space.Variables.TryGetValue(name, out value);
            case Joiner or Cycler:
                value = Functions.Attribute(target, name);
                return true;
            case Macro macro when name == "name":
                value = MarkedText.Of(macro.Name);
                return true;
            case JinjaList list when list.FieldNames.Contains(name):
                value = list.Items[list.FieldNames.ToList().IndexOf(name)];
                return true;
            default:
                return false;
        }
    }

    private static Undefined Missing(object? target, string name) =>
        new($"a {Display.TypeName(target)} has no {ModelFormatException.Quote(name)}");
}
