using Chaku.Kernels.Ops;
using Chaku.Model.Decoding;
using Chaku.Model.Files;

namespace Chaku.Model.Families;

/// <summary>Qwen 2 and 2.5: Llama's shape with biases on queries, keys and values.</summary>
internal sealed class Qwen2Family : LlamaShapedFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Architectures => ["qwen2"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> ModelTypes => ["qwen2"];

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> HuggingFaceKeys { get; } =
        new Dictionary<string, string>(SharedKeys) { ["attention_bias"] = "" };

    /// <inheritdoc/>
    public override HuggingFaceClass ClassOf(DecoderConfig config) => new("qwen2", "Qwen2ForCausalLM");

    /// <inheritdoc/>
    protected override void WriteWindow(SettingsWriter settings, DecoderConfig config) =>
        QwenWindows.Write(settings, config);

    /// <inheritdoc/>
    protected override IReadOnlyList<int> Windows(ModelSettings settings, ModelShape shape) =>
        QwenWindows.Read(settings, shape);
}

/// <summary>Qwen 3: Llama's shape with a norm on each head of queries and keys, and a head size of its own.</summary>
internal class Qwen3Family : LlamaShapedFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Architectures => ["qwen3"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> ModelTypes => ["qwen3"];

    /// <inheritdoc/>
    public override IReadOnlyList<ModuleNames> Modules { get; } =
    [
        .. SharedModules,
        new("blk.{0}.attn_q_norm", "model.layers.{0}.self_attn.q_norm"),
        new("blk.{0}.attn_k_norm", "model.layers.{0}.self_attn.k_norm"),
    ];

    /// <inheritdoc/>
    protected override bool NamesHeadSize => true;

    /// <inheritdoc/>
    public override HuggingFaceClass ClassOf(DecoderConfig config) => new("qwen3", "Qwen3ForCausalLM");

    /// <inheritdoc/>
    protected override void WriteWindow(SettingsWriter settings, DecoderConfig config) =>
        QwenWindows.Write(settings, config);

    /// <inheritdoc/>
    protected override IReadOnlyList<int> Windows(ModelSettings settings, ModelShape shape) =>
        QwenWindows.Read(settings, shape);

    /// <inheritdoc/>
    protected override DecoderConfig Refine(DecoderConfig config, ModelSettings settings, WeightSource weights) =>
        config with { Attention = config.Attention with { HasHeadNorm = true } };
}

/// <summary>Qwen 3 with experts in every layer.</summary>
internal sealed class Qwen3MoeFamily : Qwen3Family
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Architectures => ["qwen3moe"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> ModelTypes => ["qwen3_moe"];

    /// <inheritdoc/>
    public override IReadOnlyList<ModuleNames> Modules { get; } =
    [
        .. new Qwen3Family().Modules,
        new("blk.{0}.ffn_gate_inp", "model.layers.{0}.mlp.gate"),
        new("blk.{0}.ffn_gate_exps", "model.layers.{0}.mlp.experts.{1}.gate_proj"),
        new("blk.{0}.ffn_up_exps", "model.layers.{0}.mlp.experts.{1}.up_proj"),
        new("blk.{0}.ffn_down_exps", "model.layers.{0}.mlp.experts.{1}.down_proj"),
    ];

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> HuggingFaceKeys { get; } =
        new Dictionary<string, string>(SharedKeys) { ["expert_count"] = "num_experts" };

    /// <inheritdoc/>
    public override HuggingFaceClass ClassOf(DecoderConfig config) => new("qwen3_moe", "Qwen3MoeForCausalLM");

    /// <inheritdoc/>
    public override void Write(SettingsWriter settings, DecoderConfig config)
    {
        // The width that layers without experts would have: there are none, and readers ask for it.
        int width = settings.Source.Count("feed_forward_length", config.FeedForward.InnerSize, int.MaxValue);
        base.Write(settings, config with { FeedForward = config.FeedForward with { InnerSize = width } });
        settings.Count("expert_feed_forward_length", config.FeedForward.InnerSize);
        if (settings.IsHuggingFace)
        {
            settings.Flag(
                "norm_topk_prob", config.FeedForward.Experts!.Weighting == ExpertWeighting.AmongChosen);
            settings.Count("decoder_sparse_step", 1);
        }
    }

    /// <inheritdoc/>
    protected override DecoderConfig Refine(DecoderConfig config, ModelSettings settings, WeightSource weights)
    {
        // GGUF has no key for it: every published model divides by the sum.
        bool isRenormalised = settings.Flag("norm_topk_prob", otherwise: !settings.IsHuggingFace);
        if (settings.Find("decoder_sparse_step") is { } step && step.AsInt64() != 1)
        {
            throw step.Wrong("1, experts in every layer");
        }

        if (settings.Find("mlp_only_layers") is { Length: > 0, Content: GgufArray } dense)
        {
            throw dense.Wrong("an empty list, experts in every layer");
        }

        ExpertWeighting weighting = isRenormalised ? ExpertWeighting.AmongChosen : ExpertWeighting.AmongAll;
        config = base.Refine(config, settings, weights);
        return config with
        {
            FeedForward = config.FeedForward with
            {
                InnerSize = settings.Count("expert_feed_forward_length"),
                Experts = Experts(settings, weighting)
                    ?? throw settings.Required("expert_count").Wrong("a number of experts"),
            },
        };
    }
}

/// <summary>
/// Qwen's sliding window: used only where the settings say so, and then in the layers from <c>max_window_layers</c> on.
/// </summary>
internal static class QwenWindows
{
    /// <summary>Reads it.</summary>
    public static IReadOnlyList<int> Read(ModelSettings settings, ModelShape shape)
    {
        int fullLayers = settings.OptionalCount("max_window_layers");
        int window = settings.OptionalCount("attention.sliding_window");
        bool isUsed = settings.Flag("use_sliding_window", otherwise: false);
        return shape.Windows(settings, isUsed ? window : 0, layer => layer >= fullLayers);
    }

    /// <summary>Writes it; GGUF has no key for it, and other software none of these windows.</summary>
    public static void Write(SettingsWriter settings, DecoderConfig config)
    {
        if (!settings.IsHuggingFace)
        {
            return;
        }

        IReadOnlyList<int> windows = config.Attention.Windows;
        settings.Flag("use_sliding_window", windows.Count > 0);
        if (windows.Count > 0)
        {
            settings.Count("attention.sliding_window", windows.Max());
            settings.Count("max_window_layers", windows.TakeWhile(window => window == 0).Count());
        }
    }
}
