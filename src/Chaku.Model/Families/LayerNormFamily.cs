using Chaku.Kernels.Ops;
using Chaku.Model.Decoding;

namespace Chaku.Model.Families;

/// <summary>
/// What the generation before Llama shares: layer norms, a feed forward of four times the width without a gate, and
/// one matrix for queries, keys and values.
/// </summary>
internal abstract class LayerNormFamily : ModelFamily
{
    private const int InnerFactor = 4;

    /// <summary>The family's own activation function; GGUF files do not name any.</summary>
    protected abstract ActivationFunction Activation { get; }

    /// <summary>How Hugging Face's file has the rows of queries, keys and values.</summary>
    protected virtual ProjectionLayout HuggingFaceProjection => ProjectionLayout.Grouped;

    /// <summary>How a GGUF file has them.</summary>
    protected virtual ProjectionLayout GgufProjection => ProjectionLayout.Concatenated;

    /// <summary>Positions of a model whose settings do not say; 0 where they must.</summary>
    protected virtual int DefaultContextLength => 0;

    /// <inheritdoc/>
    public override IReadOnlyList<string> HuggingFaceBuffers =>
        [".attn.bias", ".attn.masked_bias", ".attention.bias", ".attention.masked_bias", "rotary_emb.inv_freq"];

    /// <inheritdoc/>
    public override bool HasUngroupedRows => HuggingFaceProjection == ProjectionLayout.Grouped;

    /// <inheritdoc/>
    public override DecoderConfig Read(ModelSettings settings, WeightSource weights)
    {
        ModelShape shape = ModelShape.Read(settings, weights, DefaultContextLength, KvHeads(settings));
        ResidualConfig residual = Residual(settings, weights);
        settings.RequireFlag("apply_residual_connection_post_layernorm", expected: false);
        return new DecoderConfig
        {
            VocabularySize = shape.Vocabulary,
            HiddenSize = shape.Hidden,
            LayerCount = shape.Layers,
            ContextLength = shape.Context,
            Embedding = new EmbeddingConfig(HasNorm: weights.Has("token_embd_norm.weight")),
            Attention = Attention(settings, weights, shape),
            Position = Position(settings, weights, shape),
            FeedForward = new FeedForwardConfig(
                ModelShape.InnerSize(settings, InnerFactor * shape.Hidden),
                ActivationSettings.Read(settings, Activation))
            {
                HasBias = weights.Has("blk.0.ffn_up.bias"),
            },
            Norm = new NormConfig(
                NormKind.Layer,
                Epsilon(settings),
                weights.Has($"blk.0.{NormNames(residual.Layout).Attention}.bias")),
            Residual = residual,
            Head = ModelShape.Head(settings, weights, IsTiedByDefault),
        };
    }

    /// <summary>How positions are known.</summary>
    protected abstract PositionConfig Position(ModelSettings settings, WeightSource weights, ModelShape shape);

    /// <summary>What attention and feed forward read.</summary>
    protected virtual ResidualConfig Residual(ModelSettings settings, WeightSource weights) => new();

    /// <summary>
    /// KV heads; null where the settings say so under the usual name, or there is one for each query head.
    /// </summary>
    protected virtual int? KvHeads(ModelSettings settings) => null;

    /// <summary>Added to the variance in norms.</summary>
    protected virtual float Epsilon(ModelSettings settings) => settings.RequiredFloat("attention.layer_norm_epsilon");

    /// <summary>Heads, and where their rows are.</summary>
    protected virtual AttentionConfig Attention(ModelSettings settings, WeightSource weights, ModelShape shape) =>
        shape.Attention with
        {
            Projection = settings.IsHuggingFace ? HuggingFaceProjection : GgufProjection,
            HasBias = weights.Has("blk.0.attn_qkv.bias"),
            HasOutputBias = weights.Has("blk.0.attn_output.bias"),
        };
}
