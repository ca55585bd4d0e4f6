namespace Chaku.Model.Scoring;

/// <summary>How well a model predicts a text.</summary>
/// <param name="LogLikelihood">The sum of the scored tokens' log-probabilities, natural logarithm.</param>
/// <param name="TokenCount">Tokens scored.</param>
internal readonly record struct PerplexityScore(double LogLikelihood, long TokenCount)
{
    /// <summary>e to the mean loss of a token.</summary>
    public double Perplexity => Math.Exp(-LogLikelihood / TokenCount);
}
