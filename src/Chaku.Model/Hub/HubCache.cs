using Chaku.Model.Files;

namespace Chaku.Model.Hub;

/// <summary>
/// The cache that programs of the Hub share: content by its hash, and for each commit a folder of links to it.
/// </summary>
/// <param name="folder">Where it is; it need not exist.</param>
/// <param name="createLink">Makes a link at the first path to the second; null for the system's own.</param>
/// <remarks>
/// Layout: huggingface.co/docs/huggingface_hub/guides/manage-cache, and <c>_create_symlink</c> in
/// <c>file_download.py</c>: <c>models--OWNER--NAME/{blobs/ETAG, refs/REVISION, snapshots/COMMIT/PATH}</c>. Where links
/// cannot be made, the file itself lies in the snapshot.
/// </remarks>
internal sealed class HubCache(string folder, Action<string, string>? createLink = null)
{
    /// <summary>The revision without another.</summary>
    public const string MainRevision = "main";

    private const string Snapshots = "snapshots";

    private readonly Action<string, string> _createLink =
        createLink ?? ((path, target) => File.CreateSymbolicLink(path, target));

    /// <summary>Where it is.</summary>
    public string Folder => folder;

    /// <summary>The user's own cache.</summary>
    public static HubCache ForUser() => new(HubSettings.CacheFolderOf(Environment.GetEnvironmentVariable));

    /// <summary>A model's folder.</summary>
    public string ModelFolder(HubName name) => Path.Combine(folder, name.FolderName);

    /// <summary>Where a content is.</summary>
    public string Blob(HubName name, FileDigest digest) => Path.Combine(ModelFolder(name), "blobs", digest.Hex);

    /// <summary>Where a content is until it is complete and checked.</summary>
    public string UnfinishedBlob(HubName name, FileDigest digest) => Blob(name, digest) + ".chaku.incomplete";

    /// <summary>Where it is noted which bytes of an unfinished content have come.</summary>
    public string RangeNote(HubName name, FileDigest digest) => Blob(name, digest) + ".chaku-ranges.incomplete";

    /// <summary>What a process holds while it fetches a content.</summary>
    public string LockFile(HubName name, FileDigest digest) =>
        Path.Combine(folder, ".locks", name.FolderName, digest.Hex + ".lock");

    /// <summary>The folder of a commit.</summary>
    public string Snapshot(HubName name, string commit) => Path.Combine(ModelFolder(name), Snapshots, commit);

    /// <summary>A file of a commit.</summary>
    public string SnapshotFile(HubName name, string commit, string path) =>
        Path.Combine([Snapshot(name, commit), .. HubPath.Check(path).Split('/')]);

    /// <summary>Whether a commit has the file, of the right length.</summary>
    public bool Has(HubName name, string commit, HubFile file) =>
        LengthOf(SnapshotFile(name, commit, file.Path)) == file.ByteLength;

    /// <summary>Whether the content is there, of the right length.</summary>
    public bool HasBlob(HubName name, HubFile file) => LengthOf(Blob(name, file.Digest)) == file.ByteLength;

    /// <summary>Puts a content that is there into a commit's folder.</summary>
    /// <exception cref="IOException">It cannot be put there.</exception>
    public void Link(HubName name, string commit, HubFile file)
    {
        if (Has(name, commit, file))
        {
            return;
        }

        string path = SnapshotFile(name, commit, file.Path);
        string blob = Blob(name, file.Digest);
        string parent = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(parent);
        string temporary = Path.Combine(parent, $".{Path.GetRandomFileName()}");
        try
        {
            _createLink(temporary, Path.GetRelativePath(parent, blob));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // No links here, as on Windows without the privilege: the file itself takes the place.
            File.Move(blob, path, overwrite: true);
            return;
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Notes which commit a branch or a tag is.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void NoteRevision(HubName name, string revision, string commit)
    {
        string path = RefFile(name, revision);
        if (revision != commit && CommitIn(path) != commit)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            AtomicFile.WriteText(path, commit);
        }
    }

    /// <summary>The commit of a revision that is in the cache; null where it is not.</summary>
    /// <param name="name">The model.</param>
    /// <param name="revision">A branch, a tag or a commit; null for main, else the newest that is there.</param>
    public string? CommitOf(HubName name, string? revision)
    {
        string? known = CommitIn(RefFile(name, revision ?? MainRevision));
        if (known is not null && Directory.Exists(Snapshot(name, known)))
        {
            return known;
        }

        string[] commits = [.. Commits(name)];
        return revision is not null
            ? commits.FirstOrDefault(commit => commit == revision)
            : commits.MaxBy(commit => Directory.GetLastWriteTimeUtc(Snapshot(name, commit)));
    }

    /// <summary>The commits of a model that are there.</summary>
    public IEnumerable<string> Commits(HubName name)
    {
        DirectoryInfo snapshots = new(Path.Combine(ModelFolder(name), Snapshots));
        return !snapshots.Exists
            ? []
            : snapshots.EnumerateDirectories().Select(entry => entry.Name).Where(IsCommit)
                .Order(StringComparer.Ordinal);
    }

    /// <summary>The branches and tags whose commit this is.</summary>
    public IEnumerable<string> RevisionsOf(HubName name, string commit)
    {
        string refs = Path.Combine(ModelFolder(name), "refs");
        return FilesIn(refs).Where(revision => CommitIn(Path.Combine(refs, revision)) == commit);
    }

    /// <summary>The files below a folder, relative to it with slashes. Links to folders are not followed.</summary>
    public static IReadOnlyList<string> FilesIn(string folder)
    {
        List<string> files = [];
        Add(new DirectoryInfo(folder), "", 0);
        files.Sort(StringComparer.Ordinal);
        return files;

        void Add(DirectoryInfo at, string prefix, int depth)
        {
            const int deepest = 32;
            foreach (FileSystemInfo entry in at.Exists ? at.EnumerateFileSystemInfos() : [])
            {
                if (entry is not DirectoryInfo inner)
                {
                    files.Add(prefix + entry.Name);
                }
                else if (inner.LinkTarget is null && depth < deepest)
                {
                    Add(inner, $"{prefix}{inner.Name}/", depth + 1);
                }
            }
        }
    }

    /// <summary>The folder of the commit that a path is in, by its form; null for a path that is in no cache.</summary>
    public static string? SnapshotAround(string path)
    {
        for (string? at = Path.GetFullPath(path).TrimEnd('/', '\\'); at is not null; at = Path.GetDirectoryName(at))
        {
            string? parent = Path.GetDirectoryName(at);
            if (Path.GetFileName(parent) == Snapshots && IsCommit(Path.GetFileName(at))
                && HubName.OfFolder(Path.GetFileName(Path.GetDirectoryName(parent)) ?? "") is not null)
            {
                return at;
            }
        }

        return null;
    }

    /// <summary>The model that a path in a cache belongs to; null for a path that is in none.</summary>
    public static HubName? NameOf(string path) => SnapshotAround(path) is { } snapshot
        ? HubName.OfFolder(Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(snapshot)))!)
        : null;

    /// <summary>Bytes in a file, or in what it links to; null where there is none.</summary>
    public static long? LengthOf(string path)
    {
        FileInfo file = new(path);
        FileSystemInfo? target = file.LinkTarget is null ? file : ResolveLink(file);
        return target is FileInfo { Exists: true } found ? found.Length : null;
    }

    private static FileSystemInfo? ResolveLink(FileInfo link)
    {
        try
        {
            return link.ResolveLinkTarget(returnFinalTarget: true);
        }
        catch (IOException)
        {
            // It leads in a circle, and so to no file.
            return null;
        }
    }

    private static bool IsCommit(string name) =>
        FileDigest.TryParse(name) is { IsGit: true } digest && digest.Hex == name;

    private static string? CommitIn(string path)
    {
        const int longest = 256;
        FileInfo file = new(path);
        string? text = file.Exists && file.LinkTarget is null && file.Length <= longest
            ? File.ReadAllText(path).Trim()
            : null;
        return text is not null && IsCommit(text) ? text : null;
    }

    private string RefFile(HubName name, string revision) => HubPath.Fault(revision) is { } fault
        ? throw new HubException($"{ModelFormatException.Quote(revision)} is no revision: {fault}")
        : Path.Combine([ModelFolder(name), "refs", .. revision.Split('/')]);
}
