using Chaku.Kernels.Ops;
using Chaku.Model.Decoding;

namespace Chaku.Model.Families;

/// <summary>GPT-2: learned positions; Hugging Face's files have its matrices transposed.</summary>
internal sealed class Gpt2Family : LayerNormFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Architectures => ["gpt2"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> ModelTypes => ["gpt2"];

    /// <inheritdoc/>
    public override IReadOnlyList<ModuleNames> Modules { get; } =
    [
        new("token_embd", "transformer.wte"),
        new("position_embd", "transformer.wpe"),
        new("blk.{0}.attn_norm", "transformer.h.{0}.ln_1"),
        new("blk.{0}.attn_qkv", "transformer.h.{0}.attn.c_attn", StoredAs.Transposed),
        new("blk.{0}.attn_output", "transformer.h.{0}.attn.c_proj", StoredAs.Transposed),
        new("blk.{0}.ffn_norm", "transformer.h.{0}.ln_2"),
        new("blk.{0}.ffn_up", "transformer.h.{0}.mlp.c_fc", StoredAs.Transposed),
        new("blk.{0}.ffn_down", "transformer.h.{0}.mlp.c_proj", StoredAs.Transposed),
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
        ["context_length"] = "n_positions",
        ["embedding_length"] = "n_embd",
        ["block_count"] = "n_layer",
        ["feed_forward_length"] = "n_inner",
        ["attention.head_count"] = "n_head",
        ["attention.head_count_kv"] = "",
        ["activation"] = "activation_function",
    };

    /// <inheritdoc/>
    protected override ActivationFunction Activation => ActivationFunctions.GeluTanh;

    /// <inheritdoc/>
    protected override ProjectionLayout HuggingFaceProjection => ProjectionLayout.Concatenated;

    /// <inheritdoc/>
    public override HuggingFaceClass ClassOf(DecoderConfig config) => new("gpt2", "GPT2LMHeadModel");

    /// <inheritdoc/>
    protected override PositionConfig Position(ModelSettings settings, WeightSource weights, ModelShape shape)
    {
        settings.RequireFlag("scale_attn_weights", expected: true);
        settings.RequireFlag("scale_attn_by_inverse_layer_idx", expected: false);
        return new LearnedPositionConfig(shape.Context);
    }
}
