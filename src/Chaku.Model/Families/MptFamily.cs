using Chaku.Kernels.Ops;
using Chaku.Model.Decoding;

namespace Chaku.Model.Families;

/// <summary>MPT: ALiBi, usually no biases at all, and queries, keys and values that may be limited.</summary>
internal sealed class MptFamily : LayerNormFamily
{
    private const float DefaultEpsilon = 1e-5f;

    // What chooses an implementation or a precision of the same computation.
    private static readonly string[] Implementation =
        ["attn_config.attn_impl", "attn_config.attn_pdrop", "attn_config.model_type", "norm_type", "loss_fn"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Architectures => ["mpt"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> ModelTypes => ["mpt"];

    /// <inheritdoc/>
    public override IReadOnlyList<ModuleNames> Modules { get; } =
    [
        new("token_embd", "transformer.wte"),
        new("position_embd", "transformer.wpe"),
        new("blk.{0}.attn_norm", "transformer.blocks.{0}.norm_1"),
        new("blk.{0}.attn_qkv", "transformer.blocks.{0}.attn.Wqkv"),
        new("blk.{0}.attn_output", "transformer.blocks.{0}.attn.out_proj"),
        new("blk.{0}.ffn_norm", "transformer.blocks.{0}.norm_2"),
        new("blk.{0}.ffn_up", "transformer.blocks.{0}.ffn.up_proj"),
        new("blk.{0}.ffn_down", "transformer.blocks.{0}.ffn.down_proj"),
        new("output_norm", "transformer.norm_f"),
        new("output", "lm_head"),
    ];

    /// <inheritdoc/>
    public override string HuggingFacePrefix => "transformer.";

    /// <inheritdoc/>
    public override bool IsTiedByDefault => true;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> HuggingFaceKeys { get; } = new Dictionary<string, string>
    {
        ["context_length"] = "max_seq_len",
        ["embedding_length"] = "d_model",
        ["block_count"] = "n_layers",
        ["feed_forward_length"] = "",
        ["attention.head_count"] = "n_heads",
        ["attention.head_count_kv"] = "",
        ["activation"] = "",
    };

    /// <inheritdoc/>
    protected override ActivationFunction Activation => ActivationFunctions.Gelu;

    /// <inheritdoc/>
    protected override ProjectionLayout HuggingFaceProjection => ProjectionLayout.Concatenated;

    /// <inheritdoc/>
    protected override float Epsilon(ModelSettings settings) =>
        settings.Float("attention.layer_norm_epsilon", DefaultEpsilon);

    /// <inheritdoc/>
    public override HuggingFaceClass ClassOf(DecoderConfig config) => new("mpt", "MptForCausalLM");

    /// <inheritdoc/>
    public override void Write(SettingsWriter settings, DecoderConfig config)
    {
        base.Write(settings, config);
        AlibiConfig? alibi = config.Position as AlibiConfig;
        if (config.Attention.Clip > 0)
        {
            settings.Number("attention.clamp_kqv", config.Attention.Clip);
        }

        settings.Number("attention.max_alibi_bias", alibi?.MaxBias ?? 0);
        if (settings.IsHuggingFace)
        {
            settings.Text("attn_config.attn_type", "multihead_attention");
            settings.Flag("attn_config.alibi", alibi is not null);
            settings.Count("expansion_ratio", config.FeedForward.InnerSize / config.HiddenSize);
            settings.Flag("no_bias", !config.Attention.HasBias);
            settings.Flag("learned_pos_emb", true);
        }
    }

    /// <inheritdoc/>
    protected override AttentionConfig Attention(ModelSettings settings, WeightSource weights, ModelShape shape)
    {
        AttentionConfig attention = base.Attention(settings, weights, shape) with
        {
            Clip = settings.OptionalFloat("attention.clamp_kqv"),
        };
        settings.RequireFlag("attn_config.qk_ln", expected: false);
        settings.RequireFlag("attn_config.prefix_lm", expected: false);
        settings.RequireFlag("no_bias", !attention.HasBias);
        if (settings.Text("attn_config.attn_type") is not (null or "multihead_attention"))
        {
            throw settings.Required("attn_config.attn_type").Wrong("multihead_attention");
        }

        if (settings.Float("embedding_fraction", 1) != 1)
        {
            throw settings.Required("embedding_fraction").Wrong("1");
        }

        foreach (string key in Implementation)
        {
            _ = settings.Find(key);
        }

        float scale = settings.OptionalFloat("attn_config.softmax_scale");
        return scale == 0 ? attention : attention with { Scale = scale };
    }

    /// <inheritdoc/>
    protected override PositionConfig Position(ModelSettings settings, WeightSource weights, ModelShape shape)
    {
        float maxBias = settings.OptionalFloat("attention.max_alibi_bias");
        bool isAlibi = settings.IsHuggingFace ? settings.Flag("attn_config.alibi", otherwise: true) : maxBias > 0;
        if (settings.Find("expansion_ratio") is { } ratio
            && ModelShape.InnerSize(settings, 4 * shape.Hidden) != ratio.AsInt64() * shape.Hidden)
        {
            throw ratio.Wrong("4");
        }

        return isAlibi
            ? new AlibiConfig(maxBias == 0 ? AlibiConfig.UsualMaxBias : maxBias)
            : new LearnedPositionConfig(shape.Context);
    }
}
