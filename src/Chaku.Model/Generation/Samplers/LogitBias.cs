namespace Chaku.Model.Generation.Samplers;

/// <summary>score += bias, for the tokens that have one.</summary>
internal sealed class LogitBias : Sampler
{
    /// <inheritdoc/>
    public override string Name => "logit bias";

    /// <inheritdoc/>
    public override bool IsActive(GenerationOptions options) => !options.Biases.IsEmpty;

    /// <inheritdoc/>
    public override void Apply(Candidates candidates, TokenHistory history, GenerationOptions options)
    {
        foreach ((int id, float bias) in options.Biases)
        {
            candidates.SetScore(id, candidates.Score(id) + bias);
        }
    }
}
