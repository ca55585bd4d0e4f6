using System.Globalization;
using Chaku.Model.Hub;
using Chaku.Tests;

namespace Chaku.Model.Tests.Hub;

/// <summary>Connections that are cut, servers that are busy or send something wrong, disks that are full.</summary>
public sealed class HubInterruptionTests : HubSuite
{
    private const int Length = 300_000;
    private const int Seed = 20260;

    [Fact]
    public async Task Connections_cut_at_20_random_bytes_lose_none()
    {
        HubServerModel model = AddGguf(Length);
        Random random = new(Seed);
        int[] cuts = [.. Enumerable.Range(0, 20).Select(_ => random.Next(Length))];
        List<long> left = [.. cuts];
        Server.Fault = request => CutAt(request, left);
        await Pull();

        Assert.True(left.Count == 0, $"seed {Seed}: not every cut was made: {string.Join(' ', left)}");
        AssertBlobsAreRight(model);
        Assert.True(File.Exists(Blob(model.Files[GgufName])));
        Assert.True(Server.SentByteLength == Length, $"seed {Seed}: {Server.SentByteLength} of {Length} bytes sent");
        Assert.Equal(20, Notices.Count);
        Assert.Empty(Unfinished());
    }

    [Fact]
    public async Task A_pull_that_was_stopped_goes_on_and_asks_for_nothing_twice()
    {
        HubServerModel model = AddGguf(Length);
        using CancellationTokenSource stop = new();
        Server.Fault = request => request.IsStorage ? new HubServerFault { CutAfter = 40_000, Stalls = true } : null;
        Task<HubPull> stopped = Pull(
            report: (done, _, _) =>
            {
                if (done >= 160_000)
                {
                    stop.Cancel();
                }
            },
            cancellation: stop.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopped);
        Assert.False(File.Exists(Blob(model.Files[GgufName])));
        Assert.Contains($"{Blob(model.Files[GgufName])}.chaku-ranges.incomplete", Unfinished());
        // The progress has the card's bytes too, and the row those of the note.
        CachedModel unfinished = Assert.Single(CachedModel.In(Cache), model => model.Id == $"{Id}/{GgufName}");
        Assert.Equal("unfinished", unfinished.Format);
        Assert.InRange(unfinished.ByteLength, 159_900, 160_300);

        Server.Fault = _ => null;
        await Pull();
        AssertBlobsAreRight(model);
        Assert.Equal(Length, Server.SentByteLength);
    }

    // What a kill leaves: a file with holes, and a note that lags behind it.
    [Fact]
    public async Task After_a_kill_only_what_the_note_says_is_taken_as_there()
    {
        HubServerModel model = AddGguf(Length);
        byte[] content = model.Files[GgufName];
        Directory.CreateDirectory(Path.GetDirectoryName(Blob(content))!);
        byte[] part = new byte[250_000];
        content.AsSpan(0, 50_000).CopyTo(part);
        content.AsSpan(150_000, 20_000).CopyTo(part.AsSpan(150_000));
        File.WriteAllBytes(Blob(content) + ".chaku.incomplete", part);
        File.WriteAllText(
            Blob(content) + ".chaku-ranges.incomplete",
            $"chaku ranges 2\n{GgufName}\n{Length}\n0 150000 40000\n150000 300000 170000\n");
        await Pull();
        AssertBlobsAreRight(model);
        Assert.Equal(Length - 40_000 - 20_000, Server.SentByteLength);
    }

    [Theory]
    [InlineData("")]
    [InlineData("chaku ranges 2\nt.gguf\n300000\n0 300000 299999\n")]
    [InlineData("chaku ranges 2\nt.gguf\n300000\n0 150000 150000\n")]
    [InlineData("chaku ranges 2\nt.gguf\n300000\n0 150000 1000\n140000 300000 140000\n")]
    [InlineData("chaku ranges 2\nt.gguf\n300000\n0 300000 -5\n")]
    [InlineData("chaku ranges 2\nt.gguf\n300000\n0 99999999999999999999 5\n")]
    [InlineData("chaku ranges 2\nt.gguf\n300001\n0 300001 1000\n")]
    [InlineData("chaku ranges 3\nt.gguf\n300000\n0 300000 1000\n")]
    public async Task A_note_that_does_not_fit_is_no_note(string note)
    {
        HubServerModel model = AddGguf(Length);
        byte[] content = model.Files[GgufName];
        Directory.CreateDirectory(Path.GetDirectoryName(Blob(content))!);
        File.WriteAllBytes(Blob(content) + ".chaku.incomplete", content[..2000]);
        File.WriteAllText(Blob(content) + ".chaku-ranges.incomplete", note);
        await Pull();
        AssertBlobsAreRight(model);
        Assert.Equal(Length, Server.SentByteLength);
    }

    [Fact]
    public async Task What_has_come_of_a_file_is_removed_by_its_name()
    {
        string part = Blob(AddGguf(Length).Files[GgufName]);
        Server.Fault = request => request.IsStorage
            ? request.Range is null ? new HubServerFault { CutAfter = 40_000 } : new HubServerFault { Status = 503 }
            : null;
        await Refused(settings: Settings with { RangeCount = 1 });
        string theirs = Path.Combine(Path.GetDirectoryName(Blob([]))!, "0123.incomplete");
        File.WriteAllBytes(theirs, new byte[1000]);
        string[] rows =
            [.. CachedModel.In(Cache).Where(model => model.Format == "unfinished").Select(model => model.Id)];
        Assert.Contains(Id, rows);
        Assert.Contains($"{Id}/{GgufName}", rows);
        HubRemoval removal = HubRemoval.Plan(Cache, HubReference.TryParse($"{Id}/{GgufName}")!);
        Assert.InRange(removal.ByteLength, 40_000, 40_200);
        removal.Run();
        Assert.Contains(theirs, Unfinished());
        Assert.DoesNotContain(Unfinished(), path => path.StartsWith(part, StringComparison.Ordinal));
        Assert.Throws<HubException>(() => HubRemoval.Plan(Cache, HubReference.TryParse($"{Id}/{GgufName}")!));
    }

    [Fact]
    public async Task What_other_programs_left_unfinished_is_neither_used_nor_changed()
    {
        HubServerModel model = AddGguf(Length);
        string theirs = Blob(model.Files[GgufName]) + ".incomplete";
        Directory.CreateDirectory(Path.GetDirectoryName(theirs)!);
        File.WriteAllBytes(theirs, new byte[1000]);
        await Pull();
        AssertBlobsAreRight(model);
        Assert.Equal(new byte[1000], File.ReadAllBytes(theirs));
    }

    [Fact]
    public async Task A_wrong_byte_is_found_and_the_file_is_fetched_again()
    {
        HubServerModel model = AddGguf(Length);
        int flips = 1;
        Server.Fault = request => request.IsStorage && Interlocked.Decrement(ref flips) == 0
            ? new HubServerFault { FlipAt = 7 }
            : null;
        await Pull();
        AssertBlobsAreRight(model);
        Assert.True(File.Exists(Blob(model.Files[GgufName])));
        Assert.Contains(Notices, notice => notice.Contains("came wrong", StringComparison.Ordinal));
        Assert.Equal(2 * Length, Server.SentByteLength);
    }

    [Theory]
    [InlineData(GgufName)]
    [InlineData("README.md")]
    public async Task A_file_that_always_comes_wrong_is_an_error_and_leaves_nothing(string path)
    {
        HubServerModel model = AddGguf(Length);
        Server.Fault = request =>
            request.IsStorage == (path == GgufName) && !request.IsListing && request.Method == "GET"
                ? new HubServerFault { FlipAt = 7 }
                : null;
        HubException exception = await Refused();
        Assert.Contains($"{path} came wrong 2 times: expected hash", exception.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Blob(model.Files[path])));
        Assert.DoesNotContain(Unfinished(), name => name.StartsWith(Blob(model.Files[path]), StringComparison.Ordinal));
        AssertBlobsAreRight(model);
    }

    [Fact]
    public async Task A_server_without_parts_is_asked_for_the_whole_and_gets_it_through()
    {
        HubServerModel model = AddGguf(Length);
        int cuts = 3;
        Server.Fault = request => request.IsStorage
            ? new HubServerFault
            {
                IgnoresRange = true,
                CutAfter = request.Range is null && Interlocked.Decrement(ref cuts) >= 0 ? 1000 : null,
            }
            : null;
        await Pull();
        AssertBlobsAreRight(model);
        Assert.True(File.Exists(Blob(model.Files[GgufName])));
        Assert.Contains(Notices, notice => notice.Contains("no parts of files", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_without_parts_that_always_cuts_is_given_up()
    {
        AddGguf(Length);
        Server.Fault = request =>
            request.IsStorage ? new HubServerFault { IgnoresRange = true, CutAfter = 1000 } : null;
        Assert.Contains("given up after 6 attempts", (await Refused()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Retry-After: 7", 7)]
    [InlineData("Retry-After: Sat, 01 Mar 2025 12:01:30 GMT", 90)]
    [InlineData("Retry-After: Sat, 01 Mar 2025 11:00:00 GMT", 0)]
    [InlineData("Retry-After: 86400", 300)]
    [InlineData("RateLimit: \"resolvers\";r=0;t=213", 214)]
    [InlineData("RateLimit: \"api|pages|resolvers\"; r=0; t=8640000", 300)]
    [InlineData("RateLimit: \"resolvers\";r=0;t=x", 1)]
    public async Task A_busy_server_is_given_the_time_that_it_asks_for(string asked, int waited)
    {
        HubServerModel model = AddGguf(Length);
        int busy = 1;
        Server.Fault = request => Interlocked.Decrement(ref busy) == 0
            ? new HubServerFault { Status = 429, Headers = [asked] }
            : null;
        await Pull();
        AssertBlobsAreRight(model);
        Assert.Equal(waited, Clock.Waits.Sum(wait => wait.TotalSeconds));
        Assert.Contains("answers 429", Assert.Single(Notices), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_down_is_given_up_after_growing_waits()
    {
        AddGguf(Length);
        Server.Fault = _ => new HubServerFault { Status = 503 };
        HubException exception = await Refused();
        Assert.Contains(
            "answers 503 (Said); given up after 6 attempts", exception.Message, StringComparison.Ordinal);
        Assert.Equal([1, 2, 4, 8, 16], Clock.Waits.Select(wait => wait.TotalSeconds));
    }

    [Fact]
    public async Task Nobody_at_the_address_is_one_clear_error()
    {
        Server.Dispose();
        Assert.Contains("refused", (await Refused()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silent_connection_counts_as_cut()
    {
        HubServerModel model = AddGguf(Length);
        int silent = 1;
        Server.Fault = request => request.IsStorage && Interlocked.Decrement(ref silent) == 0
            ? new HubServerFault { CutAfter = 500, Stalls = true }
            : null;
        await Pull(settings: Settings with { StallTime = TimeSpan.FromMilliseconds(300) });
        AssertBlobsAreRight(model);
        Assert.Contains(Notices, notice => notice.Contains("nothing came for 0.3 s", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_full_disk_is_a_clear_error_and_the_next_pull_goes_on()
    {
        HubServerModel model = AddGguf(Length);
        int room = 200_000;
        DownloadSettings narrow = Settings with
        {
            OpenPart = path => new NarrowDisk(path, count => Interlocked.Add(ref room, -count) >= 0),
        };
        IOException exception = await Assert.ThrowsAsync<IOException>(() => Pull(settings: narrow));
        Assert.Contains("cannot be written: No space left on device", exception.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Blob(model.Files[GgufName])));

        room = 2 * Length;
        await Pull(settings: narrow);
        AssertBlobsAreRight(model);
        Assert.True(File.Exists(Blob(model.Files[GgufName])));
    }

    [Fact]
    public async Task A_pull_waits_for_a_program_that_holds_the_lock()
    {
        HubServerModel model = AddGguf(Length);
        string etag = HubServerModel.EtagOf(model.Files[GgufName]);
        string path = Path.Combine(Cache.Folder, ".locks", "models--acme--tiny", $"{etag}.lock");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Task<HubPull> pull;
        using (new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            pull = Pull();
            for (int i = 0; i < 200 && Notices.IsEmpty; i++)
            {
                await Task.Delay(20);
            }

            Assert.Contains("waiting for it", Assert.Single(Notices), StringComparison.Ordinal);
            Assert.DoesNotContain(Server.Requests, request => request.IsStorage);
        }

        await pull;
        AssertBlobsAreRight(model);
    }

    private static HubServerFault? CutAt(HubServerRequest request, List<long> cuts)
    {
        if (!request.IsStorage)
        {
            return null;
        }

        long[] borders = [.. request.Range!["bytes=".Length..].Split('-')
            .Select(text => long.Parse(text, CultureInfo.InvariantCulture))];
        lock (cuts)
        {
            long[] met = [.. cuts.Where(cut => cut >= borders[0] && cut <= borders[1]).Order()];
            return met is [var first, ..] && cuts.Remove(first)
                ? new HubServerFault { CutAfter = first - borders[0] }
                : null;
        }
    }
}
