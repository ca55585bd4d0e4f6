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
