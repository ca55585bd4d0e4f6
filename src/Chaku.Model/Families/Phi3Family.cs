using Chaku.Model.Decoding;

namespace Chaku.Model.Families;

/// <summary>
/// Phi-3 and 3.5: Llama's shape with one matrix for queries, keys and values, and one for gate and up.
/// </summary>
internal sealed class Phi3Family : LlamaShapedFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Architectures => ["phi3"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> ModelTypes => ["phi3"];

    /// <inheritdoc/>
    public override IReadOnlyList<ModuleNames> Modules { get; } =
    [
        .. SharedModules,
        new("blk.{0}.attn_qkv", "model.layers.{0}.self_attn.qkv_proj"),
        new("blk.{0}.ffn_up", "model.layers.{0}.mlp.gate_up_proj"),
    ];

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> HuggingFaceKeys { get; } =
        new Dictionary<string, string>(SharedKeys) { ["attention_bias"] = "" };

    /// <inheritdoc/>
    public override HuggingFaceClass ClassOf(DecoderConfig config) => new("phi3", "Phi3ForCausalLM");

    /// <inheritdoc/>
    public override void Write(SettingsWriter settings, DecoderConfig config)
    {
        base.Write(settings, config);
        if (config.Position is RotaryConfig { Long: null })
        {
            settings.Count(
                settings.IsHuggingFace
                    ? "original_max_position_embeddings"
                    : "rope.scaling.original_context_length",
                config.ContextLength);
        }
    }

    /// <summary>A window as long as the context is none, and other software wants one to be named.</summary>
    /// <inheritdoc/>
    protected override void WriteWindow(SettingsWriter settings, DecoderConfig config) => settings.Count(
        "attention.sliding_window",
        config.Attention.Windows.Count > 0 ? config.Attention.Windows.Max() : config.ContextLength);

    /// <inheritdoc/>
    protected override bool Uses(ModuleNames names, DecoderConfig config) =>
        !names.HuggingFace.EndsWith(".up_proj", StringComparison.Ordinal);

    /// <inheritdoc/>
    protected override DecoderConfig Refine(DecoderConfig config, ModelSettings settings, WeightSource weights)
    {
        _ = settings.Find("original_max_position_embeddings");
        return config with
        {
            Attention = config.Attention with { Projection = ProjectionLayout.Concatenated },
            FeedForward = config.FeedForward with { IsFused = true },
        };
    }
}
