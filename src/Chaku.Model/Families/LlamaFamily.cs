using Chaku.Kernels.Ops;
using Chaku.Model.Decoding;

namespace Chaku.Model.Families;

/// <summary>
/// Llama 1, 2 and 3, and what has their shape: Vicuna, Alpaca, Mistral, TinyLlama; Mixtral with its experts.
/// </summary>
/// <remarks>Sources: ggml's docs/gguf.md; the row order of queries and keys is llama.cpp's converter's.</remarks>
internal sealed class LlamaFamily : LlamaShapedFamily
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Architectures => ["llama"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> ModelTypes => ["llama", "mistral", "mixtral"];

    /// <inheritdoc/>
    public override IReadOnlyList<ModuleNames> Modules { get; } =
    [
        .. SharedModules,
        new("blk.{0}.ffn_gate_inp", "model.layers.{0}.block_sparse_moe.gate"),
        new("blk.{0}.ffn_gate_exps", "model.layers.{0}.block_sparse_moe.experts.{1}.w1"),
        new("blk.{0}.ffn_down_exps", "model.layers.{0}.block_sparse_moe.experts.{1}.w2"),
        new("blk.{0}.ffn_up_exps", "model.layers.{0}.block_sparse_moe.experts.{1}.w3"),
    ];

    /// <inheritdoc/>
    public override bool HasPairedRows => true;

    /// <inheritdoc/>
    public override HuggingFaceClass ClassOf(DecoderConfig config) => config switch
    {
        { FeedForward.Experts: not null } => new("mixtral", "MixtralForCausalLM"),
        { Attention.Windows.Count: > 0 } => new("mistral", "MistralForCausalLM"),
        _ => new("llama", "LlamaForCausalLM"),
    };

    /// <inheritdoc/>
    protected override DecoderConfig Refine(DecoderConfig config, ModelSettings settings, WeightSource weights) =>
        config with
        {
            FeedForward = config.FeedForward with { Experts = Experts(settings, ExpertWeighting.AmongChosen) },
        };

    /// <inheritdoc/>
    protected override RotarySettings Rotary(ModelSettings settings, WeightSource weights, ModelShape shape) =>
        new(settings, weights, shape) { GgufLayout = RotaryLayout.Pairs };
}
