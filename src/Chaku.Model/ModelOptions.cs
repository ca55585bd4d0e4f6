namespace Chaku.Model;

/// <summary>
/// How a model is loaded and run. Only the cache's type, <see cref="IsExact"/> and <see cref="Gelu"/> change what the
/// model computes.
/// </summary>
public sealed record ModelOptions
{
    /// <summary>Threads; by default one for each processor.</summary>
    public int ThreadCount { get; init; } = Environment.ProcessorCount;

    /// <summary>Positions of a sequence at most; null takes the file's.</summary>
    public int? ContextLength { get; init; }

    /// <summary>
    /// What keys and values are stored as: <c>f32</c>, <c>f16</c>, or <c>q8_0</c> where heads are multiples of 32.
    /// </summary>
    public string CacheType { get; init; } = "f32";

    /// <summary>Tokens of a prompt that go through the decoder at a time.</summary>
    public int ChunkLength { get; init; } = 512;

    /// <summary>
    /// Copies quantised weights once into the layout that the kernels read, for speed, and leaves the file's pages out
    /// of memory; without it they are read where they lie in the file, whose pages the system can take back. The bits
    /// are the same.
    /// </summary>
    public bool Repack { get; init; } = true;

    /// <summary>Leaves activations unrounded for quantised weights too: slower, and not what is served.</summary>
    public bool IsExact { get; init; }

    /// <summary>Holds all weights as float32 in memory, to be trained; nothing is repacked then.</summary>
    internal bool HoldsSingles { get; init; }

    /// <summary>
    /// <c>erf</c> or <c>tanh</c>: the variant of GELU, for a model that other software runs with another than its own;
    /// null for its own.
    /// </summary>
    public string? Gelu { get; init; }
}
