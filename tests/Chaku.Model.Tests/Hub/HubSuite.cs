using System.Collections.Concurrent;
using Chaku.Model.Hub;
using Chaku.Tests;

namespace Chaku.Model.Tests.Hub;

/// <summary>A server, a cache of the test's own, and pulls between them.</summary>
public abstract class HubSuite : IDisposable
{
    private protected const string Id = "acme/tiny";

    private protected const string GgufName = "tiny.Q4_K_M.gguf";

    private readonly TemporaryFolder _folder = new();

    private protected HubServer Server { get; } = new();

    private protected HubCache Cache => new(_folder["hub"]);

    private protected ImmediateClock Clock { get; } = new();

    private protected ConcurrentQueue<string> Notices { get; } = new();

    /// <summary>Small files count as large, and no wait takes time.</summary>
    private protected DownloadSettings Settings => new()
    {
        LargeByteLength = 64 << 10,
        NoteByteLength = 16 << 10,
        ProgressByteLength = 1,
        StallTime = TimeSpan.FromSeconds(20),
        Clock = Clock,
        Notice = Notices.Enqueue,
    };

    public void Dispose()
    {
        Server.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static byte[] Bytes(int length, int seed = 1)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>A model with one large GGUF file and a card.</summary>
    private protected HubServerModel AddGguf(int byteLength = 300_000) => Server.Add(new HubServerModel(Id)
        .With(GgufName, Bytes(byteLength))
        .With("README.md", "---\nlicense: apache-2.0\n---\nTiny.\n")
        .With("pytorch_model.bin", Bytes(5000)));

    private protected HubSettings HubOf(string? token = null) =>
        new(new Uri(Server.Endpoint), token, Cache.Folder, IsOffline: false);

    private protected async Task<HubPull> Pull(
        string reference = Id,
        DownloadSettings? settings = null,
        string? token = null,
        string? revision = null,
        WeightsKind? kind = null,
        Action<long, long, string>? report = null,
        CancellationToken cancellation = default)
    {
        using HubPull pull = await HubPull.PlanAsync(
            HubOf(token),
            HubReference.TryParse(reference)! with { Revision = revision },
            kind,
            settings ?? Settings,
            cancellation);
        await pull.RunAsync(report, cancellation);
        return pull;
    }

    private protected Task<HubException> Refused(
        string reference = Id, DownloadSettings? settings = null, string? token = null, string? revision = null) =>
        Assert.ThrowsAsync<HubException>(() => Pull(reference, settings, token, revision));

    private protected string Blob(byte[] content) =>
        Path.Combine(Cache.Folder, "models--acme--tiny", "blobs", HubServerModel.EtagOf(content));

    /// <summary>Every complete blob has the content that its name promises.</summary>
    private protected void AssertBlobsAreRight(HubServerModel model)
    {
        Dictionary<string, byte[]> right =
            model.Files.Values.DistinctBy(HubServerModel.EtagOf).ToDictionary(HubServerModel.EtagOf);
        string folder = Path.Combine(Cache.Folder, "models--acme--tiny", "blobs");
        foreach (string blob in Directory.Exists(folder) ? Directory.GetFiles(folder) : [])
        {
            if (!blob.EndsWith(".incomplete", StringComparison.Ordinal))
            {
                Assert.Equal(right[Path.GetFileName(blob)], File.ReadAllBytes(blob));
            }
        }
    }

    private protected string[] Unfinished() => Directory.Exists(Cache.Folder)
        ? Directory.GetFiles(Cache.Folder, "*.incomplete", SearchOption.AllDirectories)
        : [];
}
