namespace Chaku.Model.Templates.Jinja;

/// <summary>The table of filters: <c>x | name</c>.</summary>
internal static class Filters
{
    private static readonly Dictionary<string, Builtin> All = Builtin.Table(
        [.. TextFilters.All, .. ListFilters.All, .. ChoiceFilters.All, .. NumberFilters.All]);

    /// <summary>Whether there is one of that name.</summary>
    public static bool Exists(string name) => All.ContainsKey(name);

    /// <summary>The filter of that name.</summary>
    /// <exception cref="JinjaException">There is none.</exception>
    public static Builtin Find(string name) => All.TryGetValue(name, out Builtin? filter)
        ? filter
        : throw new JinjaException($"there is no filter {ModelFormatException.Quote(name)}");
}
