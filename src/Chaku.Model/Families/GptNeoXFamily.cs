using Chaku.Kernels.Ops;
using Chaku.Model.Decoding;

namespace Chaku.Model.Families;

/// <summary>GPT-NeoX, Pythia and Dolly v2: two norms side by side, or one block after the other.</summary>
/// <remarks>Source: arXiv:2204.06745.</remarks>
internal sealed class GptNeoXFamily : LayerNormFamily
{
    private const string Parallel = "use_parallel_residual";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Architectures => ["gptneox"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> ModelTypes => ["gpt_neox"];

    /// <inheritdoc/>
    public override IReadOnlyList<ModuleNames> Modules { get; } =
    [
        new("token_embd", "gpt_neox.embed_in"),
        new("blk.{0}.attn_norm", "gpt_neox.layers.{0}.input_layernorm"),
        new("blk.{0}.attn_qkv", "gpt_neox.layers.{0}.attention.query_key_value"),
        new("blk.{0}.attn_output", "gpt_neox.layers.{0}.attention.dense"),
        new("blk.{0}.ffn_norm", "gpt_neox.layers.{0}.post_attention_layernorm"),
        new("blk.{0}.ffn_up", "gpt_neox.layers.{0}.mlp.dense_h_to_4h"),
        new("blk.{0}.ffn_down", "gpt_neox.layers.{0}.mlp.dense_4h_to_h"),
        new("output_norm", "gpt_neox.final_layer_norm"),
        new("output", "embed_out"),
    ];

    /// <inheritdoc/>
    public override string HuggingFacePrefix => "gpt_neox.";

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> HuggingFaceKeys { get; } = new Dictionary<string, string>
    {
        ["attention.head_count_kv"] = "",
        ["attention.layer_norm_epsilon"] = "layer_norm_eps",
        ["activation"] = "hidden_act",
        ["rope.dimension_count"] = "",
        ["rope.freq_base"] = "rotary_emb_base",
        ["partial_rotary_factor"] = "rotary_pct",
    };

    /// <inheritdoc/>
    protected override ActivationFunction Activation => ActivationFunctions.Gelu;

    /// <inheritdoc/>
    public override HuggingFaceClass ClassOf(DecoderConfig config) => new("gpt_neox", "GPTNeoXForCausalLM");

    /// <inheritdoc/>
    public override void Write(SettingsWriter settings, DecoderConfig config)
    {
        base.Write(settings, config);
        settings.Flag(Parallel, config.Residual.Layout == ResidualLayout.ParallelTwoNorms);
        if (settings.IsHuggingFace)
        {
            settings.Flag("attention_bias", config.Attention.HasBias);
        }
    }

    /// <inheritdoc/>
    protected override ResidualConfig Residual(ModelSettings settings, WeightSource weights) =>
        new(settings.Flag(Parallel, otherwise: true) ? ResidualLayout.ParallelTwoNorms : ResidualLayout.Sequential);

    /// <inheritdoc/>
    protected override PositionConfig Position(ModelSettings settings, WeightSource weights, ModelShape shape)
    {
        settings.RequireFlag("attention_bias", weights.Has("blk.0.attn_qkv.bias"));
        return new RotarySettings(settings, weights, shape).Read();
    }
}
