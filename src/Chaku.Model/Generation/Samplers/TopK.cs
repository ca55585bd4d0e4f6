namespace Chaku.Model.Generation.Samplers;

/// <summary>Keeps the k most likely tokens; of equals those with the lower ids.</summary>
/// <remarks>Source: arXiv:1805.04833.</remarks>
internal sealed class TopK : Sampler
{
    /// <inheritdoc/>
    public override string Name => "top-k";

    /// <inheritdoc/>
    public override bool IsActive(GenerationOptions options) => !options.IsGreedy && options.TopK > 0;

    /// <inheritdoc/>
    public override void Apply(Candidates candidates, TokenHistory history, GenerationOptions options) =>
        candidates.KeepBest(options.TopK);
}
