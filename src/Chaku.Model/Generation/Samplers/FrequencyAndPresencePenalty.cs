namespace Chaku.Model.Generation.Samplers;

/// <summary>score −= count · frequency penalty + presence penalty, for tokens of the answer.</summary>
/// <remarks>Source: OpenAI's API reference, frequency and presence penalties.</remarks>
internal sealed class FrequencyAndPresencePenalty : Sampler
{
    /// <inheritdoc/>
    public override string Name => "frequency and presence penalty";

    /// <inheritdoc/>
    public override bool IsActive(GenerationOptions options) =>
        options.FrequencyPenalty != 0 || options.PresencePenalty != 0;

    /// <inheritdoc/>
    public override void Apply(Candidates candidates, TokenHistory history, GenerationOptions options)
    {
        foreach (int id in history.Distinct)
        {
            if (history.AnswerCount(id) is var count and > 0)
            {
                float penalty = (count * options.FrequencyPenalty) + options.PresencePenalty;
                candidates.SetScore(id, candidates.Score(id) - penalty);
            }
        }
    }
}
