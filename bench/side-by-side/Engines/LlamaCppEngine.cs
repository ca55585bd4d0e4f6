using System.Globalization;
using System.Text.Json.Nodes;
using Chaku.Training.Estimation;

namespace Chaku.SideBySide.Engines;

/// <summary>
/// llama.cpp in a process of its own, as node-llama-cpp ships it. Its passes are bare calls of <c>llama_decode</c>:
/// nothing is sampled, so that no JavaScript is timed but a few lines around each call.
/// </summary>
internal sealed class LlamaCppEngine : IEngine
{
    private readonly PeerProcess _peer;
    private readonly int _vocabularySize;
    private List<Workload> _rooms = [];

    private LlamaCppEngine(PeerProcess peer, int vocabularySize, string version)
    {
        _peer = peer;
        _vocabularySize = vocabularySize;
        Version = version;
    }

    /// <inheritdoc/>
    public string Name => "llama.cpp";

    /// <summary>
    /// Versions of the package, of llama.cpp and of Node.js, and what llama.cpp says of the processor.
    /// </summary>
    public string Version { get; }

    /// <summary>Starts the peer and loads a model.</summary>
    /// <param name="settings">What is loaded.</param>
    /// <param name="vocabularySize">Tokens that the model has.</param>
    /// <param name="folder">The folder that has <c>node_modules</c>.</param>
    /// <exception cref="PeerException">It is not installed, or cannot load the model.</exception>
    public static LlamaCppEngine Load(EngineSettings settings, int vocabularySize, string folder)
    {
        string package = Path.Combine(Path.GetFullPath(folder), "node_modules", "node-llama-cpp");
        if (!Directory.Exists(package))
        {
            throw new PeerException(
                $"node-llama-cpp is not installed in {folder}: run `npm install --ignore-scripts` there");
        }

        PeerProcess peer = new("node", Path.Combine(AppContext.BaseDirectory, "peers", "llama-peer.mjs"), package);
        try
        {
            JsonObject answer = peer.Ask(new JsonObject
            {
                ["op"] = "load",
                ["model"] = Path.GetFullPath(settings.ModelPath),
                ["threads"] = settings.ThreadCount,
                ["chunk"] = settings.ChunkLength,
                ["cache"] = settings.CacheType,
            });
            return new LlamaCppEngine(peer, vocabularySize, answer["version"]!.GetValue<string>());
        }
        catch
        {
            peer.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Prepare(IReadOnlyList<Workload> workloads)
    {
        _rooms = [.. workloads];
        _peer.Ask(new JsonObject
        {
            ["op"] = "prepare",
            ["rooms"] = new JsonArray([.. workloads.Select(workload => (JsonNode)new JsonObject
            {
                ["sequences"] = workload.SequenceCount,
                ["context"] = workload.Length,
            })]),
        });
    }

    /// <inheritdoc/>
    public double Run(Workload workload)
    {
        int[][] tokens = workload.Tokens(_vocabularySize);
        JsonObject answer = _peer.Ask(new JsonObject
        {
            ["op"] = "run",
            ["room"] = _rooms.IndexOf(workload),
            ["held"] = workload.HeldLength,
            ["perStep"] = workload.TokensPerStep,
            ["steps"] = workload.StepCount,
            ["tokens"] = new JsonArray([.. tokens.Select(Array)]),
        });
        return answer["seconds"]!.GetValue<double>();
    }

    /// <inheritdoc/>
    public double[] Logits(int[] tokens)
    {
        JsonObject answer = _peer.Ask(new JsonObject { ["op"] = "logits", ["tokens"] = Array(tokens) });
        return [.. answer["logits"]!.AsArray().Select(logit => logit!.GetValue<double>())];
    }

    /// <inheritdoc/>
    public long ResidentBytes()
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"/proc/{_peer.Id}/status");
        return File.Exists(path) ? KernelFields.Read(path).GetValueOrDefault("VmRSS") : 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _peer.Dispose();

    private static JsonNode Array(int[] numbers) => new JsonArray([.. numbers.Select(n => (JsonNode)n)]);
}
