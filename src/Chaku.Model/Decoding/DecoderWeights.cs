using Chaku.Kernels.Memory;

namespace Chaku.Model.Decoding;

/// <summary>The weights that a decoder reads, where they lie.</summary>
/// <param name="TokenEmbedding">[vocabulary, hidden].</param>
/// <param name="Layers">Each layer's.</param>
/// <param name="OutputNorm">[hidden].</param>
/// <param name="Output">[vocabulary, hidden]; the token embedding itself where the head is tied.</param>
internal sealed record DecoderWeights(
    NamedMatrix TokenEmbedding, IReadOnlyList<LayerWeights> Layers, float[] OutputNorm, NamedMatrix Output);

/// <summary>One layer's weights.</summary>
internal sealed record LayerWeights
{
    /// <summary>[hidden].</summary>
    public required float[] AttentionNorm { get; init; }

    /// <summary>[query width, hidden].</summary>
    public required NamedMatrix Query { get; init; }

    /// <summary>[KV width, hidden].</summary>
    public required NamedMatrix Key { get; init; }

    /// <summary>[KV width, hidden].</summary>
    public required NamedMatrix Value { get; init; }

    /// <summary>[hidden, query width].</summary>
    public required NamedMatrix AttentionOutput { get; init; }

    /// <summary>[hidden].</summary>
    public required float[] FeedForwardNorm { get; init; }

    /// <summary>[inner, hidden].</summary>
    public required NamedMatrix Gate { get; init; }

    /// <summary>[inner, hidden].</summary>
    public required NamedMatrix Up { get; init; }

    /// <summary>[hidden, inner].</summary>
    public required NamedMatrix Down { get; init; }
}

/// <summary>A matrix under the name that adapters know it by: the GGUF tensor's.</summary>
/// <param name="Name">blk.0.attn_q.weight and the like.</param>
/// <param name="Weight">[out, in].</param>
internal sealed record NamedMatrix(string Name, WeightMatrix Weight);
