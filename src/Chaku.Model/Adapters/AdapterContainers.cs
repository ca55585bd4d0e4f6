namespace Chaku.Model.Adapters;

/// <summary>The table of the kinds of files that hold adapters. A new kind is one file and one line here.</summary>
internal static class AdapterContainers
{
    /// <summary>Every kind; of a path that is to be written, the first whose name it has counts.</summary>
    public static readonly IReadOnlyList<AdapterContainer> All = [new GgufAdapterContainer(), new PeftContainer()];

    /// <summary>The kind of adapter that lies at a path; null where there is none.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static AdapterContainer? Find(string path) => All.FirstOrDefault(container => container.IsAt(path));

    /// <summary>The kind that a path to be written names.</summary>
    public static AdapterContainer Named(string path) => All.First(container => container.IsNamed(path));
}
