namespace Chaku.Model.Adapters;

/// <summary>The table of the kinds of files that hold adapters. A new kind is one file and one line here.</summary>
internal static class AdapterContainers
{
    /// <summary>Every kind; the first that a path's name promises counts.</summary>
    public static readonly IReadOnlyList<AdapterContainer> All = [new GgufAdapterContainer(), new PeftContainer()];

    /// <summary>The kind of adapter that lies at a path; null where there is none.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static AdapterContainer? Find(string path) => All.FirstOrDefault(container => container.IsAt(path));

    /// <summary>The kind that a path's name promises.</summary>
    public static AdapterContainer Named(string path) => All.First(container => container.IsNamed(path));
}
