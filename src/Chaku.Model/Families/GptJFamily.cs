using Chaku.Kernels.Ops;
using Chaku.Model.Decoding;

namespace Chaku.Model.Families;

/// <summary>GPT-J and Dolly v1: attention and feed forward read one norm; the output head has a bias.</summary>
/// <remarks>The layout of its GGUF files is defined in docs/formats/gguf-gptj.md.</remarks>
internal sealed class GptJFamily : LayerNormFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Architectures => ["gptj"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> ModelTypes => ["gptj"];

    /// <inheritdoc/>
    public override IReadOnlyList<ModuleNames> Modules { get; } =
    [
        new("token_embd", "transformer.wte"),
        new("blk.{0}.attn_norm", "transformer.h.{0}.ln_1"),
        new("blk.{0}.attn_q", "transformer.h.{0}.attn.q_proj"),
        new("blk.{0}.attn_k", "transformer.h.{0}.attn.k_proj"),
        new("blk.{0}.attn_v", "transformer.h.{0}.attn.v_proj"),
        new("blk.{0}.attn_output", "transformer.h.{0}.attn.out_proj"),
        new("blk.{0}.ffn_up", "transformer.h.{0}.mlp.fc_in"),
        new("blk.{0}.ffn_down", "transformer.h.{0}.mlp.fc_out"),
        new("output_norm", "transformer.ln_f"),
        new("output", "lm_head"),
    ];

    /// <inheritdoc/>
    public override string HuggingFacePrefix => "transformer.";

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
        ["rope.dimension_count"] = "rotary_dim",
        ["rope.freq_base"] = "",
    };

    /// <inheritdoc/>
    protected override ActivationFunction Activation => ActivationFunctions.GeluTanh;

    /// <inheritdoc/>
    protected override ProjectionLayout HuggingFaceProjection => ProjectionLayout.Separate;

    /// <inheritdoc/>
    protected override ProjectionLayout GgufProjection => ProjectionLayout.Separate;

    /// <inheritdoc/>
    public override HuggingFaceClass ClassOf(DecoderConfig config) => new("gptj", "GPTJForCausalLM");

    /// <inheritdoc/>
    public override void Write(SettingsWriter settings, DecoderConfig config)
    {
        base.Write(settings, config);
        if (settings.IsHuggingFace)
        {
            settings.Flag("rotary", true);
        }
    }

    /// <inheritdoc/>
    protected override ResidualConfig Residual(ModelSettings settings, WeightSource weights) =>
        new(ResidualLayout.ParallelOneNorm);

    /// <inheritdoc/>
    protected override PositionConfig Position(ModelSettings settings, WeightSource weights, ModelShape shape)
    {
        settings.RequireFlag("rotary", expected: true);
        return new RotarySettings(settings, weights, shape)
        {
            GgufLayout = RotaryLayout.Pairs,
            HuggingFaceLayout = RotaryLayout.Pairs,
        }.Read();
    }
}
