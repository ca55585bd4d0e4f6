namespace Chaku.Model.Scoring;

/// <summary>How far the next-token distributions of a changed model lie from those of its reference.</summary>
/// <param name="TokenCount">Positions compared.</param>
/// <param name="MeanKl">The mean of KL(reference ‖ changed) over positions, in nats.</param>
/// <param name="KlError">The standard error of that mean.</param>
/// <param name="LargestKl">The largest of one position.</param>
/// <param name="SameTopShare">The share of positions where both would pick the same token.</param>
/// <param name="Reference">How well the reference predicts the text.</param>
/// <param name="Changed">How well the changed model does.</param>
internal sealed record DivergenceScore(
    long TokenCount,
    double MeanKl,
    double KlError,
    double LargestKl,
    double SameTopShare,
    PerplexityScore Reference,
    PerplexityScore Changed);
