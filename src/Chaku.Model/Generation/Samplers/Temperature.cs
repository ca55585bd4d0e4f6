namespace Chaku.Model.Generation.Samplers;

/// <summary>score / temperature: below 1 the likely become likelier.</summary>
internal sealed class Temperature : Sampler
{
    /// <inheritdoc/>
    public override string Name => "temperature";

    /// <inheritdoc/>
    public override bool IsActive(GenerationOptions options) => !options.IsGreedy && options.Temperature != 1;

    /// <inheritdoc/>
    public override void Apply(Candidates candidates, TokenHistory history, GenerationOptions options) =>
        candidates.Divide(options.Temperature);
}
