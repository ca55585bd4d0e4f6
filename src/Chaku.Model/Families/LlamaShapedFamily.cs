using Chaku.Kernels.Ops;
using Chaku.Model.Decoding;

namespace Chaku.Model.Families;

/// <summary>
/// What Llama and its descendants share: RMS norms, a gated feed forward, one block after the other, rotary positions.
/// </summary>
internal abstract class LlamaShapedFamily : ModelFamily
{
    /// <summary>The names that all of them share.</summary>
    protected static readonly IReadOnlyList<ModuleNames> SharedModules =
    [
        new("token_embd", "model.embed_tokens"),
        new("blk.{0}.attn_norm", "model.layers.{0}.input_layernorm"),
        new("blk.{0}.attn_q", "model.layers.{0}.self_attn.q_proj"),
        new("blk.{0}.attn_k", "model.layers.{0}.self_attn.k_proj"),
        new("blk.{0}.attn_v", "model.layers.{0}.self_attn.v_proj"),
        new("blk.{0}.attn_output", "model.layers.{0}.self_attn.o_proj"),
        new("blk.{0}.ffn_norm", "model.layers.{0}.post_attention_layernorm"),
        new("blk.{0}.ffn_gate", "model.layers.{0}.mlp.gate_proj"),
        new("blk.{0}.ffn_up", "model.layers.{0}.mlp.up_proj"),
        new("blk.{0}.ffn_down", "model.layers.{0}.mlp.down_proj"),
        new("output_norm", "model.norm"),
        new("output", "lm_head"),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<ModuleNames> Modules => SharedModules;

    /// <inheritdoc/>
    public override string HuggingFacePrefix => "model.";

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> HuggingFaceKeys => SharedKeys;

    /// <summary>How all of them spell their settings.</summary>
    protected static IReadOnlyDictionary<string, string> SharedKeys { get; } = new Dictionary<string, string>
    {
        ["activation"] = "hidden_act",
        ["attention.value_length"] = "",
        ["rope.dimension_count"] = "",
    };

    /// <summary>Whether files name the size of a head even where it is the hidden size's share.</summary>
    protected virtual bool NamesHeadSize => false;

    /// <inheritdoc/>
    public override DecoderConfig Read(ModelSettings settings, WeightSource weights)
    {
        ModelShape shape = ModelShape.Read(settings, weights);
        ActivationFunction activation = ActivationSettings.Read(settings, ActivationFunctions.Silu);
        DecoderConfig config = new()
        {
            VocabularySize = shape.Vocabulary,
            HiddenSize = shape.Hidden,
            LayerCount = shape.Layers,
            ContextLength = shape.Context,
            Attention = shape.Attention with
            {
                HasBias = weights.Has("blk.0.attn_q.bias"),
                HasOutputBias = weights.Has("blk.0.attn_output.bias"),
                Windows = Windows(settings, shape),
            },
            Position = Rotary(settings, weights, shape).Read(),
            FeedForward = new FeedForwardConfig(ModelShape.InnerSize(settings), activation)
            {
                IsGated = true,
                HasBias = weights.Has("blk.0.ffn_up.bias"),
            },
            Norm = new NormConfig(NormKind.Rms, settings.RequiredFloat("attention.layer_norm_rms_epsilon")),
            Head = ModelShape.Head(settings, weights, IsTiedByDefault),
        };
        settings.RequireFlag("attention_bias", config.Attention.HasBias);
        settings.RequireFlag("mlp_bias", config.FeedForward.HasBias);
        return Refine(config, settings, weights);
    }

    /// <summary>What a family adds.</summary>
    protected virtual DecoderConfig Refine(
        DecoderConfig config, ModelSettings settings, WeightSource weights) => config;

    /// <summary>Positions that each layer sees.</summary>
    protected virtual IReadOnlyList<int> Windows(ModelSettings settings, ModelShape shape) => shape.Windows(settings);

    /// <summary>How the rotary embedding is read.</summary>
    protected virtual RotarySettings Rotary(ModelSettings settings, WeightSource weights, ModelShape shape) =>
        new(settings, weights, shape);

    /// <summary>The experts that the settings name; null where there are none.</summary>
    protected static ExpertsConfig? Experts(ModelSettings settings, ExpertWeighting weighting)
    {
        int count = settings.OptionalCount("expert_count");
        return count == 0
            ? null
            : new ExpertsConfig(count, settings.Count("expert_used_count", count), weighting);
    }

    /// <inheritdoc/>
    public override void Write(SettingsWriter settings, DecoderConfig config)
    {
        base.Write(settings, config);
        AttentionConfig attention = config.Attention;
        if (NamesHeadSize || attention.QueryWidth != config.HiddenSize)
        {
            settings.Count("attention.key_length", attention.HeadSize);
            settings.Count("attention.value_length", attention.HeadSize);
        }

        if (config.FeedForward.Experts is { } experts)
        {
            settings.Count("expert_count", experts.Count);
            settings.Count("expert_used_count", experts.UsedCount);
        }

        WriteWindow(settings, config);
        if (settings.IsHuggingFace)
        {
            settings.Flag("attention_bias", attention.HasBias);
        }
    }

    /// <summary>Writes the positions that layers see.</summary>
    protected virtual void WriteWindow(SettingsWriter settings, DecoderConfig config)
    {
        if (config.Attention.Windows.Count > 0)
        {
            settings.Count("attention.sliding_window", config.Attention.Windows.Max());
        }
    }
}
