using Chaku.Model.Adapters;
using Chaku.Model.Families;
using Chaku.Model.Files;
using Chaku.Model.Licenses;

namespace Chaku.Model.Hub;

/// <summary>
/// A model of the Hub that is in the cache, at one commit: a GGUF file or a folder. Or what has come of such a one.
/// </summary>
/// <param name="Name">The model.</param>
/// <param name="File">The GGUF file's path in the commit; null where the folder is the model.</param>
/// <param name="Commit">The commit; null for what is unfinished.</param>
/// <param name="Revisions">The branches and tags that it is.</param>
/// <param name="Format">
/// How the weights are kept: <c>gguf</c>, <c>safetensors</c>, <c>pytorch</c>, <c>adapter</c>; or <c>none</c>, or
/// <see cref="Unfinished"/>, or <see cref="NotReadable"/>.
/// </param>
/// <param name="ByteLength">Bytes of its files.</param>
/// <param name="License">What it states; null where it states nothing.</param>
/// <param name="LastUsedUtc">When one of its files was last read, as well as the system keeps it.</param>
/// <param name="Path">The file or the folder.</param>
/// <param name="Revision">What has to be named for it; null where the model's name is enough.</param>
internal sealed record CachedModel(
    HubName Name,
    string? File,
    string? Commit,
    IReadOnlyList<string> Revisions,
    string Format,
    long ByteLength,
    StatedLicense? License,
    DateTime LastUsedUtc,
    string Path,
    string? Revision = null)
{
    /// <summary>The format of what has come of files that are not complete.</summary>
    public const string Unfinished = "unfinished";

    /// <summary>The format of what cannot be read, or is broken.</summary>
    public const string NotReadable = "not readable";

    private const string Gguf = "gguf";
    private const string NoWeights = "none";

    /// <summary>What a command line may name it by.</summary>
    public string Id => new HubReference(Name, File, Revision: Revision).ToString();

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
               from model in OfName(cache, name)
               select model,
        ];
    }

    /// <summary>The path of a model that is in a cache; null where it is not there.</summary>
    /// <param name="cache">The cache.</param>
    /// <param name="reference">What a command line names.</param>
    /// <param name="kind">The kind of weights; null takes GGUF where there is any.</param>
    /// <exception cref="HubException">
    /// Something of the model is there, but not what is named, or more than one.
    /// </exception>
    public static string? Find(HubCache cache, HubReference reference, WeightsKind? kind = null)
    {
        if (cache.CommitOf(reference.Name, reference.Revision) is not { } commit)
        {
            return null;
        }

        string snapshot = cache.Snapshot(reference.Name, commit);
        Dictionary<string, long?> files = HubCache.FilesIn(snapshot)
            .Where(file => HubPath.Fault(file) is null)
            .ToDictionary(file => file, file => HubCache.LengthOf(cache.SnapshotFile(reference.Name, commit, file)));
        try
        {
            return ModelPick.From(reference, files, kind).File is { } chosen
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
    /// <exception cref="IOException">Neither it nor its card can be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading is not permitted.</exception>
    public static StatedLicense? LicenseAt(string path)
    {
        string snapshot = HubCache.SnapshotAround(path) ?? path;
        if (!ModelPick.IsModelGguf(path))
        {
            return StatedLicense.InFolder(snapshot);
        }

        try
        {
            return LicenseIn(path);
        }
        catch (Exception exception) when (IsUnreadable(exception))
        {
            // What cannot be read has a card all the same.
            return StatedLicense.InFolder(snapshot);
        }
    }

    /// <summary>
    /// Notes that a model in a cache is used: many systems keep the time of the last reading for a day only, or not at
    /// all.
    /// </summary>
    /// <param name="path">The GGUF file, or the folder, whose settings stand for all its files.</param>
    public static void NoteUse(string path)
    {
        string[] settings = [HuggingFaceConfig.FileName, PeftFolder.ConfigName];
        FileInfo? used = Directory.Exists(path)
            ? settings.Select(name => HubCache.FileBehind(System.IO.Path.Combine(path, name))).FirstOrDefault(
                file => file is not null)
            : HubCache.FileBehind(path);
        try
        {
            if (used is not null)
            {
                used.LastAccessTimeUtc = DateTime.UtcNow;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A cache that others own is read all the same; its list is less exact.
            return;
        }
    }

    private static IReadOnlyList<CachedModel> OfName(HubCache cache, HubName name)
    {
        try
        {
            return
            [
                .. cache.Commits(name).SelectMany(commit => InSnapshot(cache, name, commit)),
                .. UnfinishedOf(cache, name),
            ];
        }
        catch (Exception exception) when (IsUnreadable(exception))
        {
            // The others are listed all the same.
            string folder = cache.ModelFolder(name);
            return [new(name, null, null, [], NotReadable, 0, null, Directory.GetLastWriteTimeUtc(folder), folder)];
        }
    }

    // Which file another program's content is to be, nobody knows: they are one row.
    private static IEnumerable<CachedModel> UnfinishedOf(HubCache cache, HubName name) =>
        UnfinishedBlob.In(cache, name).GroupBy(blob => blob.File).Select(blobs => new CachedModel(
            name,
            blobs.Key,
            null,
            [],
            Unfinished,
            blobs.Sum(blob => blob.ByteLength),
            null,
            blobs.Max(blob => blob.LastWriteUtc),
            cache.BlobsFolder(name)));

    private static IEnumerable<CachedModel> InSnapshot(HubCache cache, HubName name, string commit)
    {
        string snapshot = cache.Snapshot(name, commit);
        string[] files = [.. HubCache.FilesIn(snapshot)];
        string[] ggufs = [.. files.Where(ModelPick.IsModelGguf)];
        string[] revisions = [.. cache.RevisionsOf(name, commit)];
        string? revision = cache.CommitOf(name, null) == commit
            ? null
            : revisions.FirstOrDefault() ?? HubCache.ShortCommit(commit);
        string format = FormatOf(files);
        foreach (string gguf in ggufs)
        {
            string path = System.IO.Path.Combine(snapshot, gguf);
            yield return Licensed(Create(gguf, Gguf, [path], path), LicenseIn);
        }

        if (files.Length > ggufs.Length && (ggufs.Length == 0 || format != NoWeights))
        {
            string[] rest = [.. files.Except(ggufs).Select(file => System.IO.Path.Combine(snapshot, file))];
            yield return Licensed(Create(null, format, rest, snapshot), StatedLicense.InFolder);
        }

        CachedModel Create(string? file, string kind, string[] parts, string path) => new(
            name,
            file,
            commit,
            revisions,
            kind,
            parts.Sum(part => HubCache.LengthOf(part) ?? 0),
            null,
            LastUsed(parts) ?? Directory.GetLastWriteTimeUtc(snapshot),
            path,
            revision);
    }

    private static CachedModel Licensed(CachedModel model, Func<string, StatedLicense?> licenseIn)
    {
        try
        {
            return model with { License = licenseIn(model.Path) };
        }
        catch (Exception exception) when (IsUnreadable(exception))
        {
            // The others are listed all the same, and this one with what is wrong with it.
            return model with { Format = NotReadable };
        }
    }

    private static StatedLicense? LicenseIn(string gguf)
    {
        using GgufFile file = GgufFile.Open(gguf);
        return GgufSource.LicenseOf(file);
    }

    private static bool IsUnreadable(Exception exception) =>
        exception is ModelFormatException or IOException or UnauthorizedAccessException;

    private static string FormatOf(string[] files)
    {
        string[] weights = [.. files.Where(file => !file.Contains('/'))];
        return weights.Contains(PeftFolder.ConfigName) ? "adapter"
            : !weights.Contains(HuggingFaceConfig.FileName) ? NoWeights
            : weights.Any(file => file.EndsWith(".safetensors", StringComparison.Ordinal)) ? "safetensors"
            : weights.Any(file => file.EndsWith(".bin", StringComparison.Ordinal)) ? "pytorch"
            : NoWeights;
    }

    private static DateTime? LastUsed(string[] files) =>
        files.Select(HubCache.FileBehind).OfType<FileInfo>().Max(file => (DateTime?)file.LastAccessTimeUtc);
}
