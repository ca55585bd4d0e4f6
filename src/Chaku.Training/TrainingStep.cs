namespace Chaku.Training;

/// <summary>What one step of the optimiser did.</summary>
/// <param name="Number">Counted from 1.</param>
/// <param name="Loss">Mean over the step's trained tokens, in natural units, before the update.</param>
/// <param name="GradientNorm">Before clipping.</param>
/// <param name="LearningRate">The step's.</param>
/// <param name="TokenCount">Tokens that went through the decoder.</param>
/// <param name="TrainedCount">Tokens that were targets.</param>
internal sealed record TrainingStep(
    long Number, double Loss, double GradientNorm, double LearningRate, int TokenCount, int TrainedCount)
{
    /// <summary>Whether it can be learnt from.</summary>
    public bool IsFinite => double.IsFinite(Loss) && double.IsFinite(GradientNorm);
}
