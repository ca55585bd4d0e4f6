using Chaku.SideBySide.Engines;
using Chaku.SideBySide.Measuring;

namespace Chaku.SideBySide.Serving;

/// <summary>Chaku and llama.cpp with one model loaded in both.</summary>
internal sealed class ServingBench : IDisposable
{
    /// <summary>Positions of a sequence at most in any measurement.</summary>
    public const int LongestContext = 8192 + 256;

    private const int ComparedTokens = 256;
    private const int FirstCompared = 300;

    private ServingBench(BenchOptions options, string format, string modelPath, ChakuEngine ours, LlamaCppEngine? peer)
    {
        Options = options;
        Format = format;
        ModelPath = modelPath;
        Ours = ours;
        Peer = peer;
    }

    /// <summary>What the command line asks for.</summary>
    public BenchOptions Options { get; }

    /// <summary>The format of the weights.</summary>
    public string Format { get; }

    /// <summary>The model's file.</summary>
    public string ModelPath { get; }

    /// <summary>Chaku.</summary>
    public ChakuEngine Ours { get; }

    /// <summary>llama.cpp; null where it does not take part.</summary>
    public LlamaCppEngine? Peer { get; }

    /// <summary>Loads a model in both.</summary>
    /// <param name="options">What the command line asks for.</param>
    /// <param name="shape">The model's shape.</param>
    /// <param name="format">The format of its weights.</param>
    /// <param name="peerFolder">The folder that has the peer.</param>
    /// <param name="say">Told what happens, and where the peer is missing.</param>
    public static ServingBench Load(
        BenchOptions options, string shape, string format, string peerFolder, Action<string> say)
    {
        EngineSettings settings = new(options.Model(shape, format, say), options.ThreadCount, LongestContext);
        ChakuEngine ours = new(settings);
        LlamaCppEngine? peer = null;
        try
        {
            peer = options.HasPeer ? LlamaCppEngine.Load(settings, ours.VocabularySize, peerFolder) : null;
        }
        catch (PeerException exception)
        {
            say($"llama.cpp takes no part: {exception.Message}");
        }

        return new ServingBench(options, format, settings.ModelPath, ours, peer);
    }

    /// <summary>
    /// How far the two engines' logits lie apart behind the same prompt, in standard deviations: what shows that they
    /// computed the same. Null without a peer.
    /// </summary>
    public double? Disagreement()
    {
        if (Peer is null)
        {
            return null;
        }

        Workload prompt = Workload.Prefill(64);
        int[] tokens = [.. Enumerable.Range(FirstCompared, ComparedTokens)];
        double[][] logits = [.. new IEngine[] { Ours, Peer }.Select(engine =>
        {
            engine.Prepare([prompt]);
            engine.Run(prompt);
            return engine.Logits(tokens);
        })];
        double mean = logits[1].Average();
        double variance = logits[1].Average(logit => (logit - mean) * (logit - mean));
        double square = logits[0].Zip(logits[1], (mine, other) => (mine - other) * (mine - other)).Average();
        return Math.Sqrt(square / variance);
    }

    /// <summary>Makes room for workloads in both, in place of those before.</summary>
    public void Prepare(params Workload[] workloads)
    {
        Ours.Prepare(workloads);
        Peer?.Prepare(workloads);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Peer?.Dispose();
        Ours.Dispose();
    }
}
