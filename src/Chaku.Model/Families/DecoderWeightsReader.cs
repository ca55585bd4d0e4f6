using Chaku.Kernels.Memory;
using Chaku.Model.Decoding;

namespace Chaku.Model.Families;

/// <summary>Reads all weights that a description asks for, by GGUF's names: one reader for all families.</summary>
internal sealed class DecoderWeightsReader
{
    /// <summary>The tensor of the token embedding.</summary>
    public const string TokenEmbedding = "token_embd.weight";

    /// <summary>The tensor of the output head.</summary>
    public const string OutputHead = "output.weight";

    private readonly ModelFamily _family;
    private readonly DecoderConfig _config;
    private readonly WeightSource _weights;

    private DecoderWeightsReader(ModelFamily family, DecoderConfig config, WeightSource weights)
    {
        _family = family;
        _config = config;
        _weights = weights;
    }

    /// <summary>The weights, each with the shape that the description asks for.</summary>
    /// <exception cref="ModelFormatException">A tensor is missing, left over, or has another shape.</exception>
    public static DecoderWeights Read(ModelFamily family, DecoderConfig config, WeightSource weights)
    {
        DecoderWeights all = new DecoderWeightsReader(family, config, weights).Read();
        weights.RequireAllTaken();
        return all;
    }

    private DecoderWeights Read()
    {
        int hidden = _config.HiddenSize;
        int vocabulary = _config.VocabularySize;
        NamedMatrix embedding = new(TokenEmbedding, _weights.Matrix(TokenEmbedding, vocabulary, hidden), []);
        LayerWeights[] layers = new LayerWeights[_config.LayerCount];
        for (int layer = 0; layer < layers.Length; layer++)
        {
            layers[layer] = ReadLayer($"blk.{layer}.");
        }

        return new DecoderWeights
        {
            TokenEmbedding = embedding,
            PositionEmbedding = _config.Position is LearnedPositionConfig learned
                ? _weights.Matrix("position_embd.weight", learned.Count, hidden)
                : null,
            EmbeddingNorm = _config.Embedding.HasNorm ? Norm("token_embd_norm") : null,
            Layers = layers,
            OutputNorm = Norm("output_norm"),
            Output = ReadHead(embedding),
        };
    }

    private NamedMatrix ReadHead(NamedMatrix embedding)
    {
        if (!_config.Head.IsTied)
        {
            return _weights.Linear("output", _config.VocabularySize, _config.HiddenSize, _config.Head.HasBias);
        }

        // A copy of the embedding may be there all the same.
        _weights.Skip(OutputHead);
        return _config.Head.HasBias
            ? embedding with { Bias = _weights.Vector("output.bias", _config.VocabularySize) }
            : embedding;
    }

    private LayerWeights ReadLayer(string prefix)
    {
        (string attentionNorm, string feedForwardNorm) = _family.NormNames(_config.Residual.Layout);
        bool hasOneNorm = _config.Residual.Layout == ResidualLayout.ParallelOneNorm;
        bool hasPostNorms = _config.Residual.HasPostNorms;
        bool hasExperts = _config.FeedForward.Experts is not null;
        return new LayerWeights
        {
            AttentionNorm = Norm(prefix + attentionNorm),
            Attention = ReadAttention(prefix),
            PostAttentionNorm = hasPostNorms ? Norm(prefix + "post_attention_norm") : null,
            FeedForwardNorm = hasOneNorm ? null : Norm(prefix + feedForwardNorm),
            FeedForward = hasExperts ? null : ReadFeedForward(prefix),
            Experts = hasExperts ? ReadExperts(prefix, _config.FeedForward.Experts!) : null,
            PostFeedForwardNorm = hasPostNorms ? Norm(prefix + "post_ffw_norm") : null,
        };
    }

    private AttentionWeights ReadAttention(string prefix)
    {
        AttentionConfig attention = _config.Attention;
        (int queries, int keys, int hidden) = (attention.QueryWidth, attention.KvWidth, _config.HiddenSize);
        NamedMatrix[] projections = attention.Projection == ProjectionLayout.Separate
            ?
            [
                _weights.Linear(prefix + "attn_q", queries, hidden, attention.HasBias),
                _weights.Linear(prefix + "attn_k", keys, hidden, attention.HasBias),
                _weights.Linear(prefix + "attn_v", keys, hidden, attention.HasBias),
            ]
            : [_weights.Linear(prefix + "attn_qkv", queries + (2 * keys), hidden, attention.HasBias)];
        NamedMatrix output = _weights.Linear(prefix + "attn_output", hidden, queries, attention.HasOutputBias);
        return attention.HasHeadNorm
            ? new AttentionWeights(projections, output)
            {
                QueryNorm = _weights.Vector(prefix + "attn_q_norm.weight", attention.HeadSize),
                KeyNorm = _weights.Vector(prefix + "attn_k_norm.weight", attention.HeadSize),
            }
            : new AttentionWeights(projections, output);
    }

    private FeedForwardWeights ReadFeedForward(string prefix)
    {
        FeedForwardConfig config = _config.FeedForward;
        (int inner, int hidden) = (config.InnerSize, _config.HiddenSize);
        NamedMatrix up = _weights.Linear(
            prefix + "ffn_up", config.IsFused ? 2 * inner : inner, hidden, config.HasBias);
        NamedMatrix[] projections = config.IsGated && !config.IsFused
            ? [_weights.Linear(prefix + "ffn_gate", inner, hidden, config.HasBias), up]
            : [up];
        return new FeedForwardWeights(
            projections, _weights.Linear(prefix + "ffn_down", hidden, inner, config.HasBias));
    }

    private ExpertsWeights ReadExperts(string prefix, ExpertsConfig experts)
    {
        (int inner, int hidden) = (_config.FeedForward.InnerSize, _config.HiddenSize);
        NamedMatrix[] gates = Experts("ffn_gate_exps", inner, hidden);
        NamedMatrix[] ups = Experts("ffn_up_exps", inner, hidden);
        NamedMatrix[] downs = Experts("ffn_down_exps", hidden, inner);
        return new ExpertsWeights(
            _weights.Linear(prefix + "ffn_gate_inp", experts.Count, hidden, hasBias: false),
            [.. Enumerable.Range(0, experts.Count).Select(
                number => new FeedForwardWeights([gates[number], ups[number]], downs[number]))]);

        NamedMatrix[] Experts(string name, int rows, int columns)
        {
            IReadOnlyList<WeightMatrix> matrices =
                _weights.Experts($"{prefix}{name}.weight", experts.Count, rows, columns);
            return [.. matrices.Select((matrix, number) => new NamedMatrix($"{prefix}{name}.{number}", matrix, []))];
        }
    }

    private NormWeights Norm(string module) => _weights.Norm(module, _config.HiddenSize, _config.Norm.HasBias);
}
