using Chaku.Kernels.Ops;
using Chaku.Model.Decoding;

namespace Chaku.Model.Families;

/// <summary>
/// Falcon: 7B (one norm, one KV head), 40B and 180B (two norms, groups of heads), and RW (ALiBi, one block after the
/// other, biases).
/// </summary>
/// <remarks>
/// In a GGUF file of the larger ones, <c>attn_norm</c> feeds the feed forward and <c>attn_norm_2</c> attention. RW adds
/// its ALiBi, computed in BF16, before scores are scaled.
/// </remarks>
internal sealed class FalconFamily : LayerNormFamily
{
    private const string SecondNorm = "attn_norm_2";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Architectures => ["falcon"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> ModelTypes => ["falcon", "RefinedWeb", "RefinedWebModel"];

    /// <inheritdoc/>
    public override IReadOnlyList<ModuleNames> Modules { get; } =
    [
        new("token_embd", "transformer.word_embeddings"),
        new("blk.{0}.attn_norm", "transformer.h.{0}.input_layernorm"),
        new("blk.{0}.attn_norm", "transformer.h.{0}.ln_mlp"),
        new("blk.{0}.attn_norm_2", "transformer.h.{0}.ln_attn"),
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
        ["attention.head_count_kv"] = "num_kv_heads",
        ["feed_forward_length"] = "ffn_hidden_size",
        ["activation"] = "activation",
        ["rope.dimension_count"] = "",
    };

    /// <inheritdoc/>
    protected override ActivationFunction Activation => ActivationFunctions.Gelu;

    /// <inheritdoc/>
    protected override int DefaultContextLength => 2048;

    /// <inheritdoc/>
    public override (string Attention, string FeedForward) NormNames(ResidualLayout layout) =>
        layout == ResidualLayout.ParallelTwoNorms
            ? (SecondNorm, "attn_norm")
            : ("attn_norm", "ffn_norm");

    /// <inheritdoc/>
    public override HuggingFaceClass ClassOf(DecoderConfig config) => new("falcon", "FalconForCausalLM");

    /// <inheritdoc/>
    public override void Write(SettingsWriter settings, DecoderConfig config)
    {
        base.Write(settings, config);
        if (!settings.IsHuggingFace)
        {
            // Queries, then keys, then values: the name is that of the first to lay them out so.
            settings.Text("tensor_data_layout", "jploski");
            return;
        }

        bool hasTwoNorms = config.Residual.Layout == ResidualLayout.ParallelTwoNorms;
        int kvHeads = config.Attention.KvHeadCount;
        settings.Flag("new_decoder_architecture", hasTwoNorms || (kvHeads > 1 && kvHeads < config.Attention.HeadCount));
        settings.Count("num_ln_in_parallel_attn", hasTwoNorms ? 2 : 1);
        settings.Flag("multi_query", kvHeads == 1);
        settings.Flag("parallel_attn", config.Residual.Layout != ResidualLayout.Sequential);
        settings.Flag("bias", config.Attention.HasBias);
        settings.Flag("alibi", config.Position is AlibiConfig);
    }

    /// <inheritdoc/>
    protected override bool Uses(ModuleNames names, DecoderConfig config) =>
        config.Residual.Layout == ResidualLayout.ParallelTwoNorms
            ? !names.HuggingFace.EndsWith(".input_layernorm", StringComparison.Ordinal)
            : !names.HuggingFace.EndsWith(".ln_mlp", StringComparison.Ordinal);

    /// <inheritdoc/>
    protected override ResidualConfig Residual(ModelSettings settings, WeightSource weights)
    {
        _ = settings.Find("num_ln_in_parallel_attn");
        bool isParallel = settings.Flag("parallel_attn", otherwise: true);
        return new ResidualConfig((weights.Has($"blk.0.{SecondNorm}.weight"), isParallel) switch
        {
            (true, _) => ResidualLayout.ParallelTwoNorms,
            (_, true) => ResidualLayout.ParallelOneNorm,
            _ => ResidualLayout.Sequential,
        });
    }

    /// <inheritdoc/>
    protected override int? KvHeads(ModelSettings settings)
    {
        if (!settings.IsHuggingFace)
        {
            return null;
        }

        // The first files of the larger models do not name their layout, but only they name their KV heads.
        bool isGrouped = settings.Flag("new_decoder_architecture", settings.Find("n_head_kv") is not null);
        bool hasOneKvHead = settings.Flag("multi_query", otherwise: true);
        int heads = settings.Count("attention.head_count");
        int given = settings.Count("attention.head_count_kv", heads, heads);
        return isGrouped ? given : hasOneKvHead ? 1 : heads;
    }

    /// <inheritdoc/>
    protected override PositionConfig Position(ModelSettings settings, WeightSource weights, ModelShape shape)
    {
        settings.RequireFlag("bias", weights.Has("blk.0.attn_qkv.bias"));
        RotaryConfig rotary = new RotarySettings(settings, weights, shape).Read();
        return settings.Flag("alibi", otherwise: false)
            ? new AlibiConfig(AlibiConfig.UsualMaxBias) { RoundedFactor = 1 / MathF.Sqrt(shape.HeadSize) }
            : rotary;
    }
}
