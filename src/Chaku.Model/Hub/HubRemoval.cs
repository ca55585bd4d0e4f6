namespace Chaku.Model.Hub;

/// <summary>What is deleted with a model: its links, and the contents that nothing else links to.</summary>
/// <remarks>
/// Nothing outside the model's own folder is touched: a link is deleted, never what it leads to elsewhere.
/// </remarks>
internal sealed class HubRemoval
{
    private readonly HubCache _cache;
    private readonly HubName _name;
    private readonly bool _isAll;
    private readonly string[] _files;
    private readonly string[] _others;

    private HubRemoval(
        HubCache cache, HubName name, bool isAll, string[] files, string[] others, UnfinishedBlob[] unfinished)
    {
        _cache = cache;
        _name = name;
        _isAll = isAll;
        _files = files;
        _others = [.. others.Concat(unfinished.SelectMany(blob => blob.Paths))];
        ByteLength = files.Concat(others).Sum(OwnLength) + unfinished.Sum(blob => blob.ByteLength);
    }

    /// <summary>Files of snapshots that go.</summary>
    public IReadOnlyList<string> Files => _files;

    /// <summary>Bytes that become free.</summary>
    public long ByteLength { get; }

    /// <summary>Works out what would go; nothing is deleted yet.</summary>
    /// <param name="cache">The cache.</param>
    /// <param name="reference">The model, or one file of it, in every commit or in the one that is named.</param>
    /// <exception cref="HubException">It is not there, or one of the model's own folders is a link.</exception>
    /// <exception cref="IOException">The cache cannot be read.</exception>
    public static HubRemoval Plan(HubCache cache, HubReference reference)
    {
        HubName name = reference.Name;
        RefuseLinks(cache.ModelFolder(name), cache.SnapshotsFolder(name), cache.BlobsFolder(name));
        if (!cache.HasModel(name))
        {
            throw new HubException($"{name} is not in {cache.Folder}");
        }

        string[] all = [.. FullPaths(cache.SnapshotsFolder(name), HubCache.FilesIn(cache.SnapshotsFolder(name)))];
        UnfinishedBlob[] unfinished = [.. UnfinishedBlob.In(cache, name)];
        if (reference is { File: null, Quant: null, Revision: null })
        {
            IEnumerable<string> others = FullPaths(cache.ModelFolder(name), HubCache.FilesIn(cache.ModelFolder(name)));
            return new HubRemoval(
                cache,
                name,
                isAll: true,
                all,
                [.. others.Except(all).Except(unfinished.SelectMany(blob => blob.Paths))],
                unfinished);
        }

        string[] files = [.. CommitsMeant(cache, reference).SelectMany(commit => FullPaths(
            cache.Snapshot(name, commit), FilesMeant(reference, HubCache.FilesIn(cache.Snapshot(name, commit)))))];
        string[] blobs = [.. files.Select(HubCache.TargetOf).OfType<string>()
            .Except(all.Except(files).Select(HubCache.TargetOf).OfType<string>(), StringComparer.Ordinal)
            .Where(blob => Path.GetDirectoryName(blob) == cache.BlobsFolder(name) && File.Exists(blob))];
        UnfinishedBlob[] parts = [.. unfinished.Where(blob =>
            blob.File is { } file && reference.Revision is null && FilesMeant(reference, [file]).Any())];
        return files.Length + parts.Length > 0
            ? new HubRemoval(cache, name, isAll: false, files, blobs, parts)
            : throw new HubException($"{reference} is not in {cache.Folder}");
    }

    /// <summary>Deletes it.</summary>
    /// <exception cref="IOException">Something cannot be deleted.</exception>
    /// <exception cref="UnauthorizedAccessException">Deleting is not permitted.</exception>
    public void Run()
    {
        if (_isAll)
        {
            Directory.Delete(_cache.ModelFolder(_name), recursive: true);
            return;
        }

        // A link without its content would be worse than a content without its link.
        foreach (string file in _files.Concat(_others))
        {
            File.Delete(file);
        }

        foreach (string commit in _cache.Commits(_name))
        {
            RemoveEmpty(commit);
        }
    }

    // A commit of which nothing is left is no commit, and no branch or tag is it.
    private void RemoveEmpty(string commit)
    {
        string snapshot = _cache.Snapshot(_name, commit);
        if (new DirectoryInfo(snapshot).LinkTarget is null
            && Directory.GetFileSystemEntries(snapshot, "*", SearchOption.AllDirectories).All(IsFolder))
        {
            string[] refs = [.. _cache.RevisionsOf(_name, commit).Select(revision => _cache.RefFile(_name, revision))];
            Directory.Delete(snapshot, recursive: true);
            Array.ForEach(refs, File.Delete);
        }
    }

    private static bool IsFolder(string path) => new DirectoryInfo(path) is { Exists: true, LinkTarget: null };

    private static void RefuseLinks(params string[] folders)
    {
        foreach (string folder in folders)
        {
            if (new DirectoryInfo(folder).LinkTarget is { } target)
            {
                throw new HubException($"{folder} is a link to {target}, which is not followed: remove it yourself");
            }
        }
    }

    private static IEnumerable<string> CommitsMeant(HubCache cache, HubReference reference) =>
        reference.Revision is not { } revision
            ? cache.Commits(reference.Name)
            : cache.CommitOf(reference.Name, revision) is { } commit
                ? [commit]
                : throw new HubException($"{reference} is not in {cache.Folder}");

    private static IEnumerable<string> FilesMeant(HubReference reference, IReadOnlyList<string> files) =>
        reference switch
        {
            { File: { } file } => ModelPick.Matching(file, files) is { Count: <= 1 } one
                ? one
                : throw new HubException(
                    $"{reference} is several files: {string.Join(", ", ModelPick.Matching(file, files))}"),
            { Quant: { } quant } => files.Where(
                path => ModelPick.IsModelGguf(path) && ModelPick.HasQuant(path, quant)),
            _ => files,
        };

    private static IEnumerable<string> FullPaths(string folder, IEnumerable<string> files) =>
        files.Select(file => Path.Combine(folder, file));

    // A link itself takes no room, and what it leads to is counted where it lies.
    private static long OwnLength(string path) =>
        new FileInfo(path) is { LinkTarget: null, Exists: true } file ? file.Length : 0;
}
