using Chaku.Kernels.Memory;

namespace Chaku.Model.Decoding;

/// <summary>One tensor of a decoder: a matrix or a vector.</summary>
/// <param name="Name">The GGUF name; an expert's has its number in place of the last part.</param>
/// <param name="Matrix">[out, in]; null for a vector.</param>
/// <param name="Vector">Empty for a matrix.</param>
internal sealed record NamedWeights(string Name, WeightMatrix? Matrix, float[] Vector);

/// <summary>Every tensor of a decoder, each once, in a fixed order.</summary>
internal static class WeightList
{
    private const string Weight = ".weight";
    private const string Bias = ".bias";

    /// <summary>The tensors; one that is used twice, as a tied head is, comes at its first place.</summary>
    public static IEnumerable<NamedWeights> Of(DecoderWeights weights)
    {
        IEnumerable<NamedWeights> all = Linear(weights.TokenEmbedding);
        if (weights.PositionEmbedding is { } position)
        {
            all = all.Append(new NamedWeights("position_embd" + Weight, position, []));
        }

        all = all.Concat(Norm(weights.EmbeddingNorm));
        for (int layer = 0; layer < weights.Layers.Count; layer++)
        {
            all = all.Concat(Layer($"blk.{layer}.", weights.Layers[layer]));
        }

        // A tied head has the embedding's name, and a bias of its own.
        all = all.Concat(Norm(weights.OutputNorm)).Concat(Linear(weights.Output with { Name = "output" + Weight }));
        return all.DistinctBy(tensor => (object?)tensor.Matrix ?? tensor.Vector, ReferenceEqualityComparer.Instance);
    }

    /// <summary>The same weights as float32 in memory of their own, to be trained.</summary>
    public static DecoderWeights InMemory(DecoderWeights weights)
    {
        // A tied head stays the embedding itself.
        Dictionary<WeightMatrix, WeightMatrix> copies = new(ReferenceEqualityComparer.Instance);
        return weights with
        {
            TokenEmbedding = Copy(weights.TokenEmbedding),
            PositionEmbedding = weights.PositionEmbedding is { } position ? CopyMatrix(position) : null,
            Layers = [.. weights.Layers.Select(layer => layer with
            {
                Attention = layer.Attention with
                {
                    Projections = [.. layer.Attention.Projections.Select(Copy)],
                    Output = Copy(layer.Attention.Output),
                },
                FeedForward = layer.FeedForward is { } feedForward ? CopyFeedForward(feedForward) : null,
                Experts = layer.Experts is { } experts
                    ? new ExpertsWeights(Copy(experts.Router), [.. experts.All.Select(CopyFeedForward)])
                    : null,
            })],
            Output = Copy(weights.Output),
        };

        FeedForwardWeights CopyFeedForward(FeedForwardWeights own) =>
            new([.. own.Projections.Select(Copy)], Copy(own.Down));

        NamedMatrix Copy(NamedMatrix matrix) => matrix with { Weight = CopyMatrix(matrix.Weight) };

        WeightMatrix CopyMatrix(WeightMatrix matrix)
        {
            if (!copies.TryGetValue(matrix, out WeightMatrix? copy))
            {
                copies.Add(matrix, copy = matrix.ToSingles());
            }

            return copy;
        }
    }

    private static IEnumerable<NamedWeights> Layer(string prefix, LayerWeights layer)
    {
        AttentionWeights attention = layer.Attention;
        return
        [
            .. Norm(layer.AttentionNorm),
            .. attention.Projections.SelectMany(Linear),
            .. Vector(prefix + "attn_q_norm" + Weight, attention.QueryNorm),
            .. Vector(prefix + "attn_k_norm" + Weight, attention.KeyNorm),
            .. Linear(attention.Output),
            .. Norm(layer.PostAttentionNorm),
            .. Norm(layer.FeedForwardNorm),
            .. layer.FeedForward is { } feedForward ? FeedForward(feedForward) : [],
            .. layer.Experts is { } experts ? Linear(experts.Router).Concat(experts.All.SelectMany(FeedForward)) : [],
            .. Norm(layer.PostFeedForwardNorm),
        ];
    }

    private static IEnumerable<NamedWeights> FeedForward(FeedForwardWeights weights) =>
        weights.Projections.Append(weights.Down).SelectMany(Linear);

    private static IEnumerable<NamedWeights> Linear(NamedMatrix matrix) =>
    [
        new NamedWeights(matrix.Name, matrix.Weight, []),
        .. Vector(matrix.Name.Replace(Weight, Bias, StringComparison.Ordinal), matrix.Bias),
    ];

    private static IEnumerable<NamedWeights> Norm(NormWeights? norm) => norm is null
        ? []
        : [.. Vector(norm.Module + Weight, norm.Weight), .. Vector(norm.Module + Bias, norm.Bias)];

    private static IEnumerable<NamedWeights> Vector(string name, float[]? vector) =>
        vector is { Length: > 0 } ? [new NamedWeights(name, null, vector)] : [];
}
