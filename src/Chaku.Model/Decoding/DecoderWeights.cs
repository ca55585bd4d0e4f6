using Chaku.Kernels.Memory;

namespace Chaku.Model.Decoding;

/// <summary>The weights that a decoder reads, where they lie.</summary>
internal sealed record DecoderWeights
{
    /// <summary>[vocabulary, hidden].</summary>
    public required NamedMatrix TokenEmbedding { get; init; }

    /// <summary>[positions, hidden]; null where positions are not learned.</summary>
    public WeightMatrix? PositionEmbedding { get; init; }

    /// <summary>Behind the embedding; null where there is no such norm.</summary>
    public NormWeights? EmbeddingNorm { get; init; }

    /// <summary>Each layer's.</summary>
    public required IReadOnlyList<LayerWeights> Layers { get; init; }

    /// <summary>Before the output head.</summary>
    public required NormWeights OutputNorm { get; init; }

    /// <summary>[vocabulary, hidden]; the token embedding itself where the head is tied.</summary>
    public required NamedMatrix Output { get; init; }
}

/// <summary>One layer's weights.</summary>
internal sealed record LayerWeights
{
    /// <summary>Before attention.</summary>
    public required NormWeights AttentionNorm { get; init; }

    /// <summary>Attention.</summary>
    public required AttentionWeights Attention { get; init; }

    /// <summary>Behind attention; null where there is no such norm.</summary>
    public NormWeights? PostAttentionNorm { get; init; }

    /// <summary>Before the feed forward; null where it reads what attention reads.</summary>
    public NormWeights? FeedForwardNorm { get; init; }

    /// <summary>A single feed forward; null where there are experts.</summary>
    public FeedForwardWeights? FeedForward { get; init; }

    /// <summary>Experts; null where there are none.</summary>
    public ExpertsWeights? Experts { get; init; }

    /// <summary>Behind the feed forward; null where there is no such norm.</summary>
    public NormWeights? PostFeedForwardNorm { get; init; }
}

/// <summary>Weights of attention.</summary>
/// <param name="Projections">Queries, keys and values [query width + 2 · KV width, hidden], or a matrix each.</param>
/// <param name="Output">[hidden, query width].</param>
internal sealed record AttentionWeights(IReadOnlyList<NamedMatrix> Projections, NamedMatrix Output)
{
    /// <summary>[head size]: the norm on each head of queries; null without.</summary>
    public float[]? QueryNorm { get; init; }

    /// <summary>[head size]: the norm on each head of keys; null without.</summary>
    public float[]? KeyNorm { get; init; }
}

/// <summary>Weights of one feed forward.</summary>
/// <param name="Projections">
/// Gate and up [inner, hidden] each, or one above the other in one matrix; up alone without a gate.
/// </param>
/// <param name="Down">[hidden, inner].</param>
internal sealed record FeedForwardWeights(IReadOnlyList<NamedMatrix> Projections, NamedMatrix Down);

/// <summary>Weights of a mixture of experts.</summary>
/// <param name="Router">[experts, hidden].</param>
/// <param name="All">Each expert's.</param>
internal sealed record ExpertsWeights(NamedMatrix Router, IReadOnlyList<FeedForwardWeights> All);

/// <summary>Weights of a norm.</summary>
/// <param name="Module">The tensors' names without their last part.</param>
/// <param name="Weight">[hidden].</param>
/// <param name="Bias">[hidden]; empty without.</param>
internal sealed record NormWeights(string Module, float[] Weight, float[] Bias);

/// <summary>A matrix under the name that adapters know it by: the GGUF tensor's.</summary>
/// <param name="Name">blk.0.attn_q.weight and the like.</param>
/// <param name="Weight">[out, in].</param>
/// <param name="Bias">[out]; empty without.</param>
internal sealed record NamedMatrix(string Name, WeightMatrix Weight, float[] Bias);
