namespace Chaku.Model.Generation.Samplers;

/// <summary>Keeps the tokens that have at least p times the likeliest one's probability.</summary>
/// <remarks>Source: arXiv:2407.01082.</remarks>
internal sealed class MinP : Sampler
{
    /// <inheritdoc/>
    public override string Name => "min-p";

    /// <inheritdoc/>
    public override bool IsActive(GenerationOptions options) => !options.IsGreedy && options.MinP > 0;

    /// <inheritdoc/>
    public override void Apply(Candidates candidates, TokenHistory history, GenerationOptions options) =>
        candidates.KeepFrom(candidates.Best().Score + (float)Math.Log(options.MinP));
}
