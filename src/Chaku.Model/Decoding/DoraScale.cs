using Chaku.Kernels.Memory;
using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;
using Chaku.Model.Adapters;

namespace Chaku.Model.Decoding;

/// <summary>What DoRA multiplies a linear layer's outputs with: d = m / ‖W + s · B · A‖.</summary>
/// <param name="Norms">[out]: ‖W + s · B · A‖ of each row.</param>
/// <param name="Factors">[out]: d; 1 for a row of zeros, which has no direction.</param>
/// <remarks>At another strength than 1, d goes as far from 1 as the strength says. Source: arXiv:2402.09353.</remarks>
internal sealed record DoraScale(float[] Norms, float[] Factors)
{
    /// <summary>Computes them from the dequantised weights; bits do not depend on the number of threads.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="weight">W.</param>
    /// <param name="factors">The adapter's factors, with magnitudes.</param>
    /// <param name="strength">The adapter's; 1 is as trained.</param>
    public static DoraScale Of(ComputePool pool, WeightMatrix weight, LoraFactors factors, float strength)
    {
        float[] norms = new float[weight.Rows];
        RowNorms.Forward(pool, weight, factors.AValues, factors.TransposedBValues, factors.Scale, norms);
        float[] scale = new float[norms.Length];
        for (int row = 0; row < norms.Length; row++)
        {
            float factor = norms[row] == 0 ? 1 : factors.Magnitude![row] / norms[row];
            scale[row] = strength == 1 ? factor : 1 + (strength * (factor - 1));
        }

        return new DoraScale(norms, scale);
    }

    /// <summary>dm += the gradient of the magnitudes; the norms are taken for constants.</summary>
    /// <param name="dFactors">[out], the gradient of d.</param>
    /// <param name="strength">As in the forward.</param>
    /// <param name="dMagnitude">[out], added to.</param>
    public void BackwardMagnitude(ReadOnlySpan<float> dFactors, float strength, Span<float> dMagnitude)
    {
        for (int row = 0; row < Norms.Length; row++)
        {
            dMagnitude[row] += Norms[row] == 0 ? 0 : strength * dFactors[row] / Norms[row];
        }
    }
}
