namespace Chaku.Model.Decoding;

/// <summary>Where the rows of queries, keys and values are.</summary>
internal enum ProjectionLayout
{
    /// <summary>A matrix each.</summary>
    Separate,

    /// <summary>One matrix: all queries, then all keys, then all values.</summary>
    Concatenated,

    /// <summary>One matrix: for each KV head its queries, its key and its value.</summary>
    Grouped,
}

/// <summary>Causal self-attention with grouped queries; one KV head is multi-query attention.</summary>
/// <param name="HeadCount">Query heads.</param>
/// <param name="KvHeadCount">KV heads; divides the query heads.</param>
/// <param name="HeadSize">Floats in a head.</param>
internal sealed record AttentionConfig(int HeadCount, int KvHeadCount, int HeadSize)
{
    /// <summary>Where the rows of queries, keys and values are.</summary>
    public ProjectionLayout Projection { get; init; }

    /// <summary>Whether queries, keys and values have biases.</summary>
    public bool HasBias { get; init; }

    /// <summary>Whether the output projection has one.</summary>
    public bool HasOutputBias { get; init; }

    /// <summary>Whether each head of queries and keys is RMS-normed before it is rotated.</summary>
    public bool HasHeadNorm { get; init; }

    /// <summary>Factor of the scores.</summary>
    public float Scale { get; init; } = 1 / MathF.Sqrt(HeadSize);

    /// <summary>Scores become cap · tanh(score / cap); 0 for none.</summary>
    public float SoftCap { get; init; }

    /// <summary>Queries, keys and values are limited to ±clip; 0 for none.</summary>
    public float Clip { get; init; }

    /// <summary>
    /// How many positions each layer sees, its own included, 0 for all; empty where every layer sees all.
    /// </summary>
    public IReadOnlyList<int> Windows { get; init; } = [];

    /// <summary>Floats of all query heads.</summary>
    public int QueryWidth => HeadCount * HeadSize;

    /// <summary>Floats of all KV heads.</summary>
    public int KvWidth => KvHeadCount * HeadSize;

    /// <summary>Positions that a layer sees; 0 for all.</summary>
    public int Window(int layer) => Windows.Count == 0 ? 0 : Windows[layer];
}
