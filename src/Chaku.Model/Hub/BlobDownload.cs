using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Chaku.Model.Files;

namespace Chaku.Model.Hub;

/// <summary>
/// Fetches one file into the cache: in parts, each at its place, checked whole, and only then under its name.
/// </summary>
/// <remarks>
/// Whatever a server sends, a blob has the right hash or is not there. What is unfinished lies beside it under names of
/// our own: other programs go on with <c>ETAG.incomplete</c> from its length, and would take our holes for content.
/// </remarks>
internal sealed class BlobDownload(
    HubClient client, HubCache cache, HubPull pull, HubFile file, DownloadSettings settings, PullProgress progress)
{
    private const int BufferByteLength = 1 << 17;
    private const int MostTrials = 2;

    private readonly string _blob = cache.Blob(pull.Name, file.Digest);
    private readonly string _part = cache.UnfinishedBlob(pull.Name, file.Digest);
    private readonly string _note = cache.RangeNote(pull.Name, file.Digest);
    private readonly string _link = cache.SnapshotFile(pull.Name, pull.Commit, file.Path);
    private long _counted;
    private long _fetchedByteLength;
    private bool _ignoresRanges;

    /// <summary>Whether it had to be fetched.</summary>
    public bool IsFetched { get; private set; }

    /// <summary>Bytes that came, those that came twice twice.</summary>
    public long FetchedByteLength => Interlocked.Read(ref _fetchedByteLength);

    private string What => $"{pull.Name}/{file.Path}";

    /// <summary>Bytes of a file that an earlier attempt left.</summary>
    public static long DoneByteLength(HubCache cache, HubName name, HubFile file) => RangeNote.Read(
        cache.RangeNote(name, file.Digest), cache.UnfinishedBlob(name, file.Digest), file.ByteLength)
            ?.DoneByteLength ?? 0;

    /// <summary>
    /// Checks what is there, fetches what is missing or wrong, and puts the file into its snapshot. Where all is there
    /// nothing is written, so that a cache may be read-only.
    /// </summary>
    /// <exception cref="HubException">
    /// It is refused, does not come, or comes wrong twice; there is no blob then but one that was there.
    /// </exception>
    /// <exception cref="IOException">It cannot be written; what has come stays for the next attempt.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; what has come stays.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        if (File.Exists(_part) || !IsRight(_link, cancellation))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_blob)!);
            using IDisposable held = await BlobLock.TakeAsync(
                cache.LockFile(pull.Name, file.Digest),
                () => settings.Notice($"another process downloads {What}: waiting for it"),
                cancellation);
            await CompleteAsync(cancellation);
            Discard();
        }

        Count(file.ByteLength - _counted);
    }

    private async Task CompleteAsync(CancellationToken cancellation)
    {
        if (!IsRight(_blob, cancellation))
        {
            if (IsRight(_link, cancellation))
            {
                return;
            }

            if (cache.Has(pull.Name, pull.Commit, file) || cache.HasBlob(pull.Name, file))
            {
                settings.Notice($"{What} is in the cache with another hash than {file.Digest}: it is fetched again");
            }

            IsFetched = true;
            await FetchCheckedAsync(cancellation);
        }

        cache.Link(pull.Name, pull.Commit, file);
    }

    private bool IsRight(string path, CancellationToken cancellation) =>
        HubCache.LengthOf(path) == file.ByteLength && DigestOf(path, cancellation) == file.Digest;

    private FileDigest DigestOf(string path, CancellationToken cancellation) => file.Digest.Compute(
        path,
        done => progress.Add(0, $"checking {file.Path}: {ByteText.Of(done)} of {ByteText.Of(file.ByteLength)}"),
        cancellation);

    private async Task FetchCheckedAsync(CancellationToken cancellation)
    {
        for (int trial = 1; ; trial++)
        {
            await FetchAsync(cancellation);
            FileDigest found = DigestOf(_part, cancellation);
            if (found == file.Digest && new FileInfo(_part).Length == file.ByteLength)
            {
                File.Move(_part, _blob, overwrite: true);
                return;
            }

            Discard();
            Count(-_counted);
            if (trial == MostTrials)
            {
                throw new HubException(
                    $"{What} came wrong {trial} times: expected hash {file.Digest}, got {found}; nothing of it was " +
                    "kept");
            }

            settings.Notice($"{What} came wrong (expected hash {file.Digest}, got {found}): it is fetched again");
        }
    }

    private async Task FetchAsync(CancellationToken cancellation)
    {
        AtomicFile.RemoveLeftovers(_note);
        RangeNote? earlier = RangeNote.Read(_note, _part, file.ByteLength);
        if (earlier is null)
        {
            Discard();
        }

        RangeNote note = earlier ?? RangeNote.Begin(
            _note, file.Path, file.ByteLength, file.ByteLength >= settings.LargeByteLength ? settings.RangeCount : 1);
        Count(note.DoneByteLength);
        try
        {
            await FetchRangesAsync(note, cancellation);
        }
        catch (RangeIgnoredException)
        {
            _ignoresRanges = true;
            settings.Notice($"{What}: the server gives no parts of files, so it is fetched in one go");
            Discard();
            Count(-_counted);
            await FetchRangesAsync(RangeNote.Begin(_note, file.Path, file.ByteLength, 1), cancellation);
        }
    }

    private async Task FetchRangesAsync(RangeNote note, CancellationToken cancellation)
    {
        bool isWhole = note.Ranges.Count == 1;
        using (Stream created = OpenPart())
        {
            created.SetLength(Math.Min(created.Length, file.ByteLength));
        }

        try
        {
            await Parallel.ForEachAsync(
                note.Ranges,
                new ParallelOptions { MaxDegreeOfParallelism = settings.RangeCount, CancellationToken = cancellation },
                async (range, stop) => await FetchRangeAsync(range, note, isWhole, stop));
        }
        catch when (note.DoneByteLength == 0)
        {
            Discard();
            throw;
        }
    }

    private async Task FetchRangeAsync(ByteRange range, RangeNote note, bool isWhole, CancellationToken cancellation)
    {
        using Stream output = OpenPart();
        output.Position = range.Done;
        Attempts attempts = new(settings, What, " (the same command goes on from what has come)");
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferByteLength);
        try
        {
            while (output.Position < range.End)
            {
                try
                {
                    await ReceiveAsync(range, note, isWhole, output, buffer, attempts, cancellation);
                }
                catch (ConnectionException failure)
                {
                    Rewind(range, output);
                    Mark(range, note, output);
                    await attempts.WaitAsync(failure, cancellation);
                }
            }

            Mark(range, note, output);
        }
        catch (Exception exception) when (exception is OperationCanceledException or HubException)
        {
            Mark(range, note, output);
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task ReceiveAsync(
        ByteRange range,
        RangeNote note,
        bool isWhole,
        Stream output,
        byte[] buffer,
        Attempts attempts,
        CancellationToken cancellation)
    {
        using IDisposable place = await client.TakePlaceAsync(cancellation);
        long start = output.Position;
        bool asksForAll = isWhole && start == range.Start;
        using HttpResponseMessage response = await client.OpenAsync(
            pull.Name,
            pull.Commit,
            file.Path,
            asksForAll ? null : new RangeHeaderValue(start, range.End - 1),
            cancellation);
        long end = CheckedEnd(response, start, range.End, asksForAll);
        using Stream body = await response.Content.ReadAsStreamAsync(cancellation);
        while (output.Position < end)
        {
            int wanted = (int)Math.Min(buffer.Length, end - output.Position);
            int count = await client.ReadAsync(body, buffer.AsMemory(0, wanted), cancellation);
            if (count == 0)
            {
                throw new ConnectionException(
                    $"the connection ended at byte {output.Position} of {end}");
            }

            Write(output, buffer.AsSpan(0, count));
            Count(count);
            Interlocked.Add(ref _fetchedByteLength, count);
            attempts.Advance(_ignoresRanges ? 0 : count);
            if (output.Position - range.Done >= settings.NoteByteLength)
            {
                Mark(range, note, output);
            }
        }
    }

    // Where there are no parts, the next attempt begins again, and none is progress.
    private void Rewind(ByteRange range, Stream output)
    {
        if (_ignoresRanges)
        {
            Count(range.Start - output.Position);
            output.Position = range.Start;
        }
    }

    // The byte after the last that the answer has of the part, by its own word, which must fit what was asked for.
    private long CheckedEnd(HttpResponseMessage response, long start, long end, bool asksForAll)
    {
        HttpContentHeaders headers = response.Content.Headers;
        if (headers.ContentEncoding.Any(coding => coding != "identity"))
        {
            throw new HubException($"{What} is sent compressed, although it was asked for as it is");
        }

        if (response.StatusCode != HttpStatusCode.PartialContent)
        {
            return !asksForAll ? throw new RangeIgnoredException()
                : (headers.ContentLength ?? end) == end ? end
                : throw Disagrees($"a body of {headers.ContentLength} bytes", $"{end}");
        }

        ContentRangeHeaderValue? found = headers.ContentRange;
        bool fits = found is { Unit: "bytes", From: { } from, To: { } to }
            && from == start && to >= from && to < end && (found.Length ?? file.ByteLength) == file.ByteLength;
        return fits
            ? found!.To!.Value + 1
            : throw Disagrees(
                $"the part {found?.ToString() ?? "without a place"}", $"bytes {start}-{end - 1}/{file.ByteLength}");
    }

    private HubException Disagrees(string sent, string expected) => new(string.Create(
        CultureInfo.InvariantCulture, $"{What}: the server sends {sent}, where {expected} was expected"));

    private Stream OpenPart()
    {
        try
        {
            return settings.OpenPart(_part);
        }
        catch (Exception exception) when (AtomicFile.Describe(exception) is not null)
        {
            throw Unwritable(exception);
        }
    }

    private void Write(Stream output, ReadOnlySpan<byte> bytes)
    {
        try
        {
            output.Write(bytes);
        }
        catch (Exception exception) when (AtomicFile.Describe(exception) is not null)
        {
            throw Unwritable(exception);
        }
    }

    // First the bytes, then the note that says they are there.
    private void Mark(ByteRange range, RangeNote note, Stream output)
    {
        try
        {
            output.Flush();
            (output as FileStream)?.Flush(flushToDisk: true);
            range.Done = output.Position;
            note.Save();
        }
        catch (Exception exception) when (AtomicFile.Describe(exception) is not null)
        {
            throw Unwritable(exception);
        }
    }

    private IOException Unwritable(Exception exception) => new(
        $"{_part} cannot be written: {AtomicFile.Describe(exception)}; what has come stays, and the same command " +
        "goes on",
        exception);

    private void Count(long bytes)
    {
        Interlocked.Add(ref _counted, bytes);
        progress.Add(bytes, $"fetching {file.Path}");
    }

    private void Discard()
    {
        File.Delete(_part);
        File.Delete(_note);
        AtomicFile.RemoveLeftovers(_note);
    }
}
