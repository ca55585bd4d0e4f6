using Chaku.Kernels.Ops;
using Chaku.Training.Gradients;

namespace Chaku.Training.Optimisation;

/// <summary>The optimiser's running means of an adapter's gradients.</summary>
internal sealed class AdapterMoments
{
    private readonly FactorMoments[] _moments;

    /// <summary>Moments that are zero.</summary>
    public AdapterMoments(AdapterGradients gradients) =>
        _moments = [.. gradients.All.Select(pair => new FactorMoments(pair))];

    /// <summary>One step of the optimiser.</summary>
    /// <param name="optimiser">Its constants.</param>
    /// <param name="learningRate">This step's.</param>
    /// <param name="step">Counted from 1.</param>
    /// <param name="gradientScale">Clipping.</param>
    public void Update(AdamW optimiser, double learningRate, long step, float gradientScale)
    {
        foreach (FactorMoments moments in _moments)
        {
            moments.Update(optimiser, learningRate, step, gradientScale);
        }
    }

    private sealed class FactorMoments(FactorGradients gradients)
    {
        private readonly float[] _meanA = new float[gradients.A.Length];
        private readonly float[] _squareA = new float[gradients.A.Length];
        private readonly float[] _meanB = new float[gradients.TransposedB.Length];
        private readonly float[] _squareB = new float[gradients.TransposedB.Length];

        public void Update(AdamW optimiser, double learningRate, long step, float gradientScale)
        {
            optimiser.Step(
                learningRate, step, gradientScale, gradients.A, gradients.Factors.AValues, _meanA, _squareA);
            optimiser.Step(
                learningRate,
                step,
                gradientScale,
                gradients.TransposedB,
                gradients.Factors.TransposedBValues,
                _meanB,
                _squareB);
        }
    }
}
