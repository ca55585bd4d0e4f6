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

    /// <summary>How every program's unfinished contents end.</summary>
    public const string UnfinishedSuffix = ".incomplete";

    /// <summary>How our own end.</summary>
    public const string PartSuffix = ".chaku" + UnfinishedSuffix;

    /// <summary>How the notes beside them end, of which bytes have come.</summary>
    public const string NoteSuffix = ".chaku-ranges" + UnfinishedSuffix;

    private const string Snapshots = "snapshots";
    private const string Refs = "refs";
    private const int ShortCommitLength = 12;
    private const int ShortestCommit = 7;

    private readonly Action<string, string> _createLink =
        createLink ?? ((path, target) => File.CreateSymbolicLink(path, target));

    /// <summary>Where it is.</summary>
    public string Folder => folder;

    /// <summary>The user's own cache.</summary>
    public static HubCache ForUser() => new(HubSettings.CacheFolderOf(Environment.GetEnvironmentVariable));

    /// <summary>A model's folder.</summary>
    public string ModelFolder(HubName name) => Path.Combine(folder, name.FolderName);

    /// <summary>Where a model's contents are.</summary>
    public string BlobsFolder(HubName name) => Path.Combine(ModelFolder(name), "blobs");

    /// <summary>Where a model's commits are.</summary>
    public string SnapshotsFolder(HubName name) => Path.Combine(ModelFolder(name), Snapshots);

    /// <summary>Whether there is anything of a model.</summary>
    public bool HasModel(HubName name) => Directory.Exists(ModelFolder(name));

    /// <summary>Where a content is.</summary>
    public string Blob(HubName name, FileDigest digest) => Path.Combine(BlobsFolder(name), digest.Hex);

    /// <summary>Where a content is until it is complete and checked.</summary>
    public string UnfinishedBlob(HubName name, FileDigest digest) => Blob(name, digest) + PartSuffix;

    /// <summary>Where it is noted which bytes of an unfinished content have come.</summary>
    public string RangeNote(HubName name, FileDigest digest) => Blob(name, digest) + NoteSuffix;

    /// <summary>What a process holds while it fetches a content.</summary>
    public string LockFile(HubName name, FileDigest digest) =>
        Path.Combine(folder, ".locks", name.FolderName, digest.Hex + ".lock");

    /// <summary>The folder of a commit.</summary>
    public string Snapshot(HubName name, string commit) => Path.Combine(SnapshotsFolder(name), commit);

    /// <summary>A file of a commit.</summary>
    public string SnapshotFile(HubName name, string commit, string path) =>
        Path.Combine([Snapshot(name, commit), .. HubPath.Check(path).Split('/')]);

    /// <summary>Whether a commit has the file, of the right length.</summary>
    public bool Has(HubName name, string commit, HubFile file) =>
        LengthOf(SnapshotFile(name, commit, file.Path)) == file.ByteLength;

    /// <summary>Whether the content is there, of the right length.</summary>
    public bool HasBlob(HubName name, HubFile file) => LengthOf(Blob(name, file.Digest)) == file.ByteLength;

    /// <summary>Puts a content that is there into a commit's folder, in place of another.</summary>
    /// <exception cref="IOException">It cannot be put there.</exception>
    public void Link(HubName name, string commit, HubFile file)
    {
        string path = SnapshotFile(name, commit, file.Path);
        string blob = Blob(name, file.Digest);
        if (TargetOf(path) == blob)
        {
            return;
        }

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
    /// <param name="revision">
    /// A branch, a tag, a commit or the first digits of one; null for main, else the newest that is there.
    /// </param>
    /// <exception cref="HubException">No revision has such a name.</exception>
    public string? CommitOf(HubName name, string? revision)
    {
        string? known = CommitIn(RefFile(name, revision ?? MainRevision));
        if (known is not null && Directory.Exists(Snapshot(name, known)))
        {
            return known;
        }

        if (revision is null)
        {
            return Commits(name).MaxBy(commit => Directory.GetLastWriteTimeUtc(Snapshot(name, commit)));
        }

        string[] meant = [.. Commits(name).Where(commit => commit.StartsWith(revision, StringComparison.Ordinal))];
        return revision.Length >= ShortestCommit && meant is [var only] ? only : null;
    }

    /// <summary>A commit's first digits, for people.</summary>
    public static string ShortCommit(string commit) => commit[..ShortCommitLength];

    /// <summary>The commits of a model that are there.</summary>
    public IEnumerable<string> Commits(HubName name)
    {
        DirectoryInfo snapshots = new(SnapshotsFolder(name));
        return !snapshots.Exists
            ? []
            : snapshots.EnumerateDirectories().Select(entry => entry.Name).Where(IsCommit)
                .Order(StringComparer.Ordinal);
    }

    /// <summary>The branches and tags whose commit this is.</summary>
    public IEnumerable<string> RevisionsOf(HubName name, string commit)
    {
        string refs = Path.Combine(ModelFolder(name), Refs);
        return FilesIn(refs).Where(revision => CommitIn(Path.Combine(refs, revision)) == commit);
    }

    /// <summary>Where it is noted which commit a branch or a tag is.</summary>
    /// <exception cref="HubException">No revision has such a name.</exception>
    public string RefFile(HubName name, string revision) =>
        Path.Combine([ModelFolder(name), Refs, .. CheckRevision(revision).Split('/')]);

    /// <summary>A revision's name, checked.</summary>
    /// <exception cref="HubException">No revision has such a name.</exception>
    public static string CheckRevision(string revision) => HubPath.Fault(revision) is { } fault
        ? throw new HubException($"{ModelFormatException.Quote(revision)} is no revision: {fault}")
        : revision;

    /// <summary>
    /// The files below a folder, relative to it with slashes. Links to folders are not followed, nor is the folder
    /// itself where it is one.
    /// </summary>
    public static IReadOnlyList<string> FilesIn(string folder)
    {
        List<string> files = [];
        Add(new DirectoryInfo(folder), "", 0);
        files.Sort(StringComparer.Ordinal);
        return files;

        void Add(DirectoryInfo at, string prefix, int depth)
        {
            const int deepest = 32;
            if (!at.Exists || at.LinkTarget is not null || depth > deepest)
            {
                return;
            }

            foreach (FileSystemInfo entry in at.EnumerateFileSystemInfos())
            {
                if (entry is DirectoryInfo inner)
                {
                    Add(inner, $"{prefix}{inner.Name}/", depth + 1);
                }
                else
                {
                    files.Add(prefix + entry.Name);
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
    public static long? LengthOf(string path) => FileBehind(path)?.Length;

    /// <summary>The file, or what it links to in the end; null where there is none.</summary>
    public static FileInfo? FileBehind(string path)
    {
        FileInfo file = new(path);
        try
        {
            FileSystemInfo? target = file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true);
            return target is FileInfo { Exists: true } found ? found : null;
        }
        catch (IOException)
        {
            // It leads in a circle, and so to no file.
            return null;
        }
    }

    /// <summary>The full path that a link itself names; null for what is no link.</summary>
    public static string? TargetOf(string path) => new FileInfo(path).LinkTarget is { } target
        ? Path.GetFullPath(target, Path.GetDirectoryName(Path.GetFullPath(path))!)
        : null;

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
}
