using Chaku.Model.Families;
using Chaku.Model.Files;
using Chaku.Model.Licenses;

namespace Chaku.Model.Hub;

/// <summary>A model of the Hub that is in the cache, at one commit: a GGUF file or a folder.</summary>
/// <param name="Name">The model.</param>
/// <param name="File">The GGUF file's path in the commit; null where the folder is the model.</param>
/// <param name="Commit">The commit.</param>
/// <param name="Revisions">The branches and tags that it is.</param>
/// <param name="Format">
/// How the weights are kept: <c>gguf</c>, <c>safetensors</c>, <c>pytorch</c>, <c>adapter</c>; or <c>none</c>.
/// </param>
/// <param name="ByteLength">Bytes of its files.</param>
/// <param name="License">What it states; null where it states nothing.</param>
/// <param name="LastUsedUtc">When one of its files was last read, as well as the system keeps it.</param>
/// <param name="Path">The file or the folder.</param>
internal sealed record CachedModel(
    HubName Name,
    string? File,
    string Commit,
    IReadOnlyList<string> Revisions,
    string Format,
    long ByteLength,
    StatedLicense? License,
    DateTime LastUsedUtc,
    string Path)
{
    /// <summary>What a command line may name it by.</summary>
    public string Id => File is null ? Name.Id : $"{Name}/{File}";

    /// <summary>Every model in a cache, by name.</summary>
    /// <exception cref="IOException">The cache cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading is not permitted.</exception>
    public static IReadOnlyList<CachedModel> In(HubCache cache)
    {
        DirectoryInfo folder = new(cache.Folder);
        return
        [
            .. from entry in folder.Exists ? folder.EnumerateDirectories() : []
               let name = HubName.OfFolder(entry.Name)
               where name is not null
               orderby name.Id
               from commit in cache.Commits(name)
               from model in InSnapshot(cache, name, commit)
               select model,
        ];
    }

    /// <summary>The path of a model that is in a cache; null where it is not there.</summary>
    /// <param name="cache">The cache.</param>
    /// <param name="reference">What a command line names.</param>
    /// <param name="revision">A branch, a tag or a commit; null for main, else the newest.</param>
    /// <exception cref="HubException">
    /// Something of the model is there, but not what is named, or more than one.
    /// </exception>
    public static string? Find(HubCache cache, HubReference reference, string? revision = null)
    {
        if (cache.CommitOf(reference.Name, revision) is not { } commit)
        {
            return null;
        }

        string snapshot = cache.Snapshot(reference.Name, commit);
        Dictionary<string, long?> files = HubCache.FilesIn(snapshot)
            .Where(file => HubPath.Fault(file) is null)
            .ToDictionary(file => file, file => HubCache.LengthOf(cache.SnapshotFile(reference.Name, commit, file)));
        try
        {
            return ModelPick.From(reference, files).File is { } chosen
                ? cache.SnapshotFile(reference.Name, commit, chosen)
                : snapshot;
        }
        catch (HubException exception)
        {
            throw new HubException(
                $"in {cache.Folder}: {exception.Message}; chaku pull {reference} looks on the Hub", exception);
        }
    }

    /// <summary>What a GGUF file or a folder in a cache states; null where it states nothing.</summary>
    public static StatedLicense? LicenseAt(string path)
    {
        string snapshot = HubCache.SnapshotAround(path) ?? path;
        if (!ModelPick.IsModelGguf(path))
        {
            return StatedLicense.InFolder(snapshot);
        }

        try
        {
            using GgufFile file = GgufFile.Open(path);
            return GgufSource.LicenseOf(file);
        }
        catch (Exception exception) when (exception is ModelFormatException or IOException)
        {
            // What cannot be read has a card all the same.
            return StatedLicense.InFolder(snapshot);
        }
    }

    private static IEnumerable<CachedModel> InSnapshot(HubCache cache, HubName name, string commit)
    {
        string snapshot = cache.Snapshot(name, commit);
        string[] files = [.. HubCache.FilesIn(snapshot)];
        string[] ggufs = [.. files.Where(ModelPick.IsModelGguf)];
        string format = FormatOf(files);
        foreach (string gguf in ggufs)
        {
            string path = System.IO.Path.Combine(snapshot, gguf);
            yield return Create(gguf, "gguf", [path], LicenseAt(path), path);
        }

        if (files.Length > ggufs.Length && (ggufs.Length == 0 || format != "none"))
        {
            string[] rest = [.. files.Except(ggufs).Select(file => System.IO.Path.Combine(snapshot, file))];
            yield return Create(null, format, rest, StatedLicense.InFolder(snapshot), snapshot);
        }

        CachedModel Create(string? file, string kind, string[] parts, StatedLicense? license, string path) => new(
            name,
            file,
            commit,
            [.. cache.RevisionsOf(name, commit)],
            kind,
            parts.Sum(part => HubCache.LengthOf(part) ?? 0),
            license,
            parts.Select(LastUsed).DefaultIfEmpty(Directory.GetLastWriteTimeUtc(snapshot)).Max(),
            path);
    }

    private static string FormatOf(string[] files)
    {
        string[] weights = [.. files.Where(file => !file.Contains('/'))];
        return weights.Contains("adapter_config.json") ? "adapter"
            : !weights.Contains(HuggingFaceConfig.FileName) ? "none"
            : weights.Any(file => file.EndsWith(".safetensors", StringComparison.Ordinal)) ? "safetensors"
            : weights.Any(file => file.EndsWith(".bin", StringComparison.Ordinal)) ? "pytorch"
            : "none";
    }

    private static DateTime LastUsed(string path)
    {
        string? target = new FileInfo(path).LinkTarget;
        string file = target is null
            ? path
            : System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path)!, target);
        return System.IO.File.GetLastAccessTimeUtc(file);
    }
}
