namespace Chaku.SideBySide.Engines;

/// <summary>A model that is loaded, in one engine or another.</summary>
internal interface IEngine : IDisposable
{
    /// <summary>The engine's name, as tables have it.</summary>
    string Name { get; }

    /// <summary>
    /// Makes room for workloads, in place of those before; each has its own, so that what it holds is computed once.
    /// </summary>
    void Prepare(IReadOnlyList<Workload> workloads);

    /// <summary>Runs a workload that there is room for.</summary>
    /// <returns>Seconds of all its passes.</returns>
    double Run(Workload workload);

    /// <summary>Logits of some tokens behind the first sequence's last token of the last run.</summary>
    double[] Logits(int[] tokens);

    /// <summary>Bytes that the engine's process has in memory now, pages of files included.</summary>
    long ResidentBytes();
}

/// <summary>What an engine loads, and how it runs it.</summary>
/// <param name="ModelPath">A GGUF file.</param>
/// <param name="ThreadCount">Threads.</param>
/// <param name="ContextLength">Positions of a sequence at most, in any workload.</param>
/// <param name="CacheType">What keys and values are stored as, <c>f16</c> or <c>f32</c>.</param>
/// <param name="ChunkLength">Tokens of a prompt that go through the model at a time.</param>
internal sealed record EngineSettings(
    string ModelPath, int ThreadCount, int ContextLength, string CacheType = "f16", int ChunkLength = 512);
