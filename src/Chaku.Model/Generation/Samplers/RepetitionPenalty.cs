namespace Chaku.Model.Generation.Samplers;

/// <summary>
/// score / penalty where it is positive, score · penalty where it is not, for tokens of prompt and answer.
/// </summary>
/// <remarks>Source: arXiv:1909.05858, with the sign as Hugging Face's transformers treats it.</remarks>
internal sealed class RepetitionPenalty : Sampler
{
    /// <inheritdoc/>
    public override string Name => "repetition penalty";

    /// <inheritdoc/>
    public override bool IsActive(GenerationOptions options) => options.RepetitionPenalty != 1;

    /// <inheritdoc/>
    public override void Apply(Candidates candidates, TokenHistory history, GenerationOptions options)
    {
        float penalty = options.RepetitionPenalty;
        foreach (int id in history.Distinct)
        {
            float score = candidates.Score(id);
            candidates.SetScore(id, score < 0 ? score * penalty : score / penalty);
        }
    }
}
