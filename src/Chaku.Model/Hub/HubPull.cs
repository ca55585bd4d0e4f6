using System.Collections.Concurrent;
using Chaku.Model.Files;
using Chaku.Model.Licenses;

namespace Chaku.Model.Hub;

/// <summary>A model's files, looked up on the Hub and ready to be fetched into the cache.</summary>
internal sealed class HubPull : IDisposable
{
    // Names of shards come from an index, which has to be there before they are known.
    private const long LargestIndex = 64L << 20;

    private readonly HubClient _client;
    private readonly HubCache _cache;
    private readonly DownloadSettings _settings;
    private readonly ConcurrentDictionary<FileDigest, long> _fetched = new();
    private string? _file;

    private HubPull(HubSettings hub, HubReference reference, string revision, DownloadSettings settings)
    {
        _client = new HubClient(hub, settings);
        _cache = new HubCache(hub.CacheFolder);
        _settings = settings;
        Name = reference.Name;
        Revision = revision;
    }

    /// <summary>The model.</summary>
    public HubName Name { get; }

    /// <summary>The branch, tag or commit that was asked for.</summary>
    public string Revision { get; }

    /// <summary>The commit that it is now.</summary>
    public string Commit { get; private set; } = "";

    /// <summary>Whether its owner wants terms to be accepted first.</summary>
    public bool IsGated { get; private set; }

    /// <summary>What its card states; null where it states nothing.</summary>
    public StatedLicense? License { get; private set; }

    /// <summary>The files, the largest first.</summary>
    public IReadOnlyList<HubFile> Files { get; private set; } = [];

    /// <summary>Bytes of all files.</summary>
    public long ByteLength => Files.Sum(file => file.ByteLength);

    /// <summary>Bytes that have to come, where those that are there are right.</summary>
    public long MissingByteLength { get; private set; }

    /// <summary>Bytes that have come.</summary>
    public long FetchedByteLength => _fetched.Values.Sum();

    /// <summary>Files that were there before, with the right hashes.</summary>
    public int FoundFileCount => Files.Count(file => !_fetched.ContainsKey(file.Digest));

    /// <summary>Free bytes where they go; null where the system does not say.</summary>
    public long? FreeByteLength { get; private set; }

    /// <summary>What is to be named as the model: the GGUF file, or the folder.</summary>
    public string ResultPath => _file is { } file
        ? _cache.SnapshotFile(Name, Commit, file)
        : _cache.Snapshot(Name, Commit);

    /// <summary>
    /// What leads to it now on a command line: what was asked for, else the file by its whole name, else, as for a
    /// folder with GGUF files in it, the path.
    /// </summary>
    /// <param name="asked">What was asked for.</param>
    public string NameOf(HubReference asked) =>
        new[] { asked, asked with { File = _file, Quant = null } }.FirstOrDefault(LeadsHere)?.ToString() ?? ResultPath;

    /// <summary>Looks up what there is, and picks; of the files nothing is fetched but an index of shards.</summary>
    /// <param name="hub">The Hub and the cache.</param>
    /// <param name="reference">What is wanted.</param>
    /// <param name="kind">The kind of weights that is wanted; null takes GGUF where there is any.</param>
    /// <param name="settings">How it is done.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="HubException">It cannot be had; the message says why.</exception>
    /// <exception cref="IOException">The cache cannot be read or written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async Task<HubPull> PlanAsync(
        HubSettings hub,
        HubReference reference,
        WeightsKind? kind,
        DownloadSettings settings,
        CancellationToken cancellation)
    {
        string revision = HubCache.CheckRevision(reference.Revision ?? HubCache.MainRevision);
        HubPull pull = new(hub, reference, revision, settings);
        try
        {
            await pull.LookUpAsync(reference, kind, cancellation);
            return pull;
        }
        catch
        {
            pull.Dispose();
            throw;
        }
    }

    /// <summary>Checks what is there, fetches what is missing or wrong, and puts it into the cache.</summary>
    /// <param name="report">Told bytes done, bytes in all, and what is done now; may be null.</param>
    /// <param name="cancellation">Stops it; what has come stays.</param>
    /// <exception cref="HubException">A file is refused, does not come, or comes wrong.</exception>
    /// <exception cref="IOException">The disk is too small, or the cache cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task RunAsync(Action<long, long, string>? report, CancellationToken cancellation)
    {
        if (FreeByteLength is { } free && free < MissingByteLength)
        {
            throw new IOException(
                $"{_cache.Folder} has room for {ByteText.Of(free)}, and {ByteText.Of(MissingByteLength)} of {Name} " +
                "are to come: free some (chaku list, chaku remove), or set HF_HOME to a folder on a larger disk");
        }

        PullProgress progress = new(ByteLength, report);
        // Files of the same content are one blob, which one download at a time fetches.
        await Parallel.ForEachAsync(
            Files.GroupBy(file => file.Digest),
            new ParallelOptions { MaxDegreeOfParallelism = _settings.FileCount, CancellationToken = cancellation },
            async (files, stop) =>
            {
                foreach (HubFile file in files)
                {
                    await CompleteAsync(file, progress, stop);
                }
            });
        _cache.NoteRevision(Name, Revision, Commit);
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private bool LeadsHere(HubReference reference)
    {
        try
        {
            return CachedModel.Find(_cache, reference) == ResultPath;
        }
        catch (HubException)
        {
            // It could be several files, so it is the name of none.
            return false;
        }
    }

    private async Task LookUpAsync(HubReference reference, WeightsKind? kind, CancellationToken cancellation)
    {
        HubListing listing = await Attempting(Name.Id).RunAsync(
            () => _client.ListAsync(Name, Revision, cancellation), cancellation);
        Commit = listing.Commit;
        IsGated = listing.IsGated;
        License = listing.License;
        Dictionary<string, ListedFile> listed = listing.Files.ToDictionary(file => file.Path, StringComparer.Ordinal);
        ModelPick pick = ModelPick.From(
            reference, listed.ToDictionary(entry => entry.Key, entry => entry.Value.ByteLength), kind);
        _file = pick.File is { } chosen ? HubPath.Check(chosen) : null;
        string[] shards = pick.Index is { } index
            ? await ShardsAsync(await DescribeAsync(index, listed, cancellation), cancellation)
            : [];
        List<HubFile> files = [];
        foreach (string path in pick.Files.Concat(shards))
        {
            files.Add(await DescribeAsync(path, listed, cancellation));
        }

        Files = [.. files.OrderByDescending(file => file.ByteLength).ThenBy(file => file.Path, StringComparer.Ordinal)];
        MissingByteLength = Files.DistinctBy(file => file.Digest).Sum(Missing);
        FreeByteLength = _settings.FreeByteLength(_cache.Folder);
    }

    private async Task<HubFile> DescribeAsync(
        string path, Dictionary<string, ListedFile> listed, CancellationToken cancellation)
    {
        ListedFile file = listed.GetValueOrDefault(HubPath.Check(path)) ?? throw new HubException(
            $"{Name} has no file {ModelFormatException.Quote(path)}, which its index of shards names");
        return file is { ByteLength: { } byteLength, Digest: { } digest }
            ? new HubFile(path, byteLength, digest)
            : await Attempting($"{Name}/{path}").RunAsync(
                () => _client.DescribeAsync(Name, Commit, file, cancellation), cancellation);
    }

    private async Task<string[]> ShardsAsync(HubFile index, CancellationToken cancellation)
    {
        if (index.ByteLength > LargestIndex)
        {
            throw new HubException(
                $"{Name}/{index.Path} is no index of shards: it has {ByteText.Of(index.ByteLength)}");
        }

        await CompleteAsync(index, new PullProgress(index.ByteLength, null), cancellation);
        string path = _cache.SnapshotFile(Name, Commit, index.Path);
        return [.. TensorIndex.Read(path).Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    private async Task CompleteAsync(HubFile file, PullProgress progress, CancellationToken cancellation)
    {
        BlobDownload download = new(_client, _cache, this, file, _settings, progress);
        await download.RunAsync(cancellation);
        if (download.IsFetched)
        {
            _fetched[file.Digest] = download.FetchedByteLength;
        }
    }

    private Attempts Attempting(string what) => new(_settings, what);

    private long Missing(HubFile file) => _cache.Has(Name, Commit, file) || _cache.HasBlob(Name, file)
        ? 0
        : file.ByteLength - BlobDownload.DoneByteLength(_cache, Name, file);
}
