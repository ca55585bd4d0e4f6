namespace Chaku.Model.Hub;

/// <summary>What is deleted with a model: its links, and the contents that nothing else links to.</summary>
/// <remarks>
/// Nothing outside the model's own folder is touched: a link is deleted, never what it leads to elsewhere.
/// </remarks>
internal sealed class HubRemoval
{
    private readonly string _modelFolder;
    private readonly string[] _links;
    private readonly string[] _blobs;
    private readonly bool _isAll;

    private HubRemoval(string modelFolder, string[] links, string[] blobs, bool isAll)
    {
        _modelFolder = modelFolder;
        _links = links;
        _blobs = blobs;
        _isAll = isAll;
        ByteLength = links.Concat(blobs).Sum(OwnLength);
    }

    /// <summary>Files of snapshots that go.</summary>
    public IReadOnlyList<string> Files => _links;

    /// <summary>Bytes that become free.</summary>
    public long ByteLength { get; }

    /// <summary>Works out what would go; nothing is deleted yet.</summary>
    /// <param name="cache">The cache.</param>
    /// <param name="reference">The model, or one file of it, in every commit.</param>
    /// <exception cref="HubException">It is not there, or its folder is a link.</exception>
    /// <exception cref="IOException">The cache cannot be read.</exception>
    public static HubRemoval Plan(HubCache cache, HubReference reference)
    {
        string folder = cache.ModelFolder(reference.Name);
        DirectoryInfo model = new(folder);
        if (model.LinkTarget is { } target)
        {
            throw new HubException($"{folder} is a link to {target}, which is not followed: remove it yourself");
        }

        if (!model.Exists)
        {
            throw new HubException($"{reference.Name} is not in {cache.Folder}");
        }

        string[] all = [.. HubCache.FilesIn(Path.Combine(folder, "snapshots"))
            .Select(file => Path.Combine(folder, "snapshots", file))];
        if (reference.File is null && reference.Quant is null)
        {
            string[] others = [.. HubCache.FilesIn(folder).Select(file => Path.Combine(folder, file)).Except(all)];
            return new HubRemoval(folder, all, others, isAll: true);
        }

        string[] links = [.. all.Where(link => IsMeant(link, reference, folder))];
        if (links.Length == 0)
        {
            throw new HubException($"{reference} is not in {cache.Folder}");
        }

        HashSet<string> kept = new(all.Except(links).Select(BlobOf).OfType<string>(), StringComparer.Ordinal);
        string[] blobs = [.. links.Select(BlobOf).OfType<string>().Distinct(StringComparer.Ordinal)
            .Where(blob => !kept.Contains(blob) && Path.GetDirectoryName(blob) == Path.Combine(folder, "blobs"))
            .Where(File.Exists)];
        return new HubRemoval(folder, links, blobs, isAll: false);
    }

    /// <summary>Deletes it.</summary>
    /// <exception cref="IOException">Something cannot be deleted.</exception>
    /// <exception cref="UnauthorizedAccessException">Deleting is not permitted.</exception>
    public void Run()
    {
        if (_isAll)
        {
            Directory.Delete(_modelFolder, recursive: true);
            return;
        }

        // A link without its content would be worse than a content without its link.
        foreach (string file in _links.Concat(_blobs))
        {
            File.Delete(file);
        }
    }

    private static bool IsMeant(string link, HubReference reference, string folder)
    {
        string inSnapshots = Path.GetRelativePath(Path.Combine(folder, "snapshots"), link).Replace('\\', '/');
        string path = inSnapshots[(inSnapshots.IndexOf('/', StringComparison.Ordinal) + 1)..];
        return reference.File is { } file
            ? path == file
            : ModelPick.IsModelGguf(path) && ModelPick.HasQuant(path, reference.Quant!);
    }

    private static string? BlobOf(string link) => new FileInfo(link).LinkTarget is { } target
        ? Path.GetFullPath(Path.Combine(Path.GetDirectoryName(link)!, target))
        : null;

    // A link itself takes no room, and what it leads to is counted where it lies.
    private static long OwnLength(string path) =>
        new FileInfo(path) is { LinkTarget: null, Exists: true } file ? file.Length : 0;
}
