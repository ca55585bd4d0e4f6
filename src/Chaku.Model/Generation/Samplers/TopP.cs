namespace Chaku.Model.Generation.Samplers;

/// <summary>Keeps the fewest tokens whose probabilities reach p together: the nucleus.</summary>
/// <remarks>Source: arXiv:1904.09751.</remarks>
internal sealed class TopP : Sampler
{
    /// <inheritdoc/>
    public override string Name => "top-p";

    /// <inheritdoc/>
    public override bool IsActive(GenerationOptions options) => !options.IsGreedy && options.TopP < 1;

    /// <inheritdoc/>
    public override void Apply(Candidates candidates, TokenHistory history, GenerationOptions options) =>
        candidates.KeepShare(options.TopP);
}
