using Chaku.Kernels.Ops;
using Chaku.Model.Decoding;

namespace Chaku.Model.Families;

/// <summary>BLOOM and BLOOMZ: ALiBi, and a norm behind the embedding.</summary>
/// <remarks>Source: arXiv:2211.05100.</remarks>
internal sealed class BloomFamily : LayerNormFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Architectures => ["bloom"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> ModelTypes => ["bloom"];

    /// <inheritdoc/>
    public override IReadOnlyList<ModuleNames> Modules { get; } =
    [
        new("token_embd", "transformer.word_embeddings"),
        new("token_embd_norm", "transformer.word_embeddings_layernorm"),
        new("blk.{0}.attn_norm", "transformer.h.{0}.input_layernorm"),
        new("blk.{0}.attn_qkv", "transformer.h.{0}.self_attention.query_key_value"),
        new("blk.{0}.attn_output", "transformer.h.{0}.self_attention.dense"),
        new("blk.{0}.ffn_norm", "transformer.h.{0}.post_attention_layernorm"),
        new("blk.{0}.ffn_up", "transformer.h.{0}.mlp.dense_h_to_4h"),
        new("blk.{0}.ffn_down", "transformer.h.{0}.mlp.dense_4h_to_h"),
        new("output_norm", "transformer.ln_f"),
        new("output", "lm_head"),
    ];

    /// <inheritdoc/>
    public override string HuggingFacePrefix => "transformer.";

    /// <inheritdoc/>
    public override bool IsTiedByDefault => true;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> HuggingFaceKeys { get; } = new Dictionary<string, string>
    {
        ["context_length"] = "seq_length",
        ["block_count"] = "n_layer",
        ["attention.head_count"] = "n_head",
        ["attention.head_count_kv"] = "",
        ["feed_forward_length"] = "",
        ["activation"] = "",
    };

    /// <inheritdoc/>
    protected override ActivationFunction Activation => ActivationFunctions.GeluTanh;

    /// <inheritdoc/>
    protected override int DefaultContextLength => 2048;

    /// <inheritdoc/>
    public override HuggingFaceClass ClassOf(DecoderConfig config) => new("bloom", "BloomForCausalLM");

    /// <inheritdoc/>
    protected override PositionConfig Position(ModelSettings settings, WeightSource weights, ModelShape shape) =>
        new AlibiConfig(AlibiConfig.UsualMaxBias);
}
