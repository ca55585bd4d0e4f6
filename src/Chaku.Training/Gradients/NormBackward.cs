using Chaku.Kernels.Threading;
using Chaku.Model.Decoding;

namespace Chaku.Training.Gradients;

/// <summary>
/// The backward of <see cref="Norm"/>: towards its input, and towards its weights where they are trained.
/// </summary>
internal static class NormBackward
{
    /// <summary>dx += the gradient of the norm's input; its weights' gradients grow.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="gradients">What is trained.</param>
    /// <param name="norm">The norm.</param>
    /// <param name="x">[T, hidden], the forward's input.</param>
    /// <param name="dy">[T, hidden].</param>
    /// <param name="dx">[T, hidden], added to.</param>
    public static void Run(
        ComputePool pool,
        GradientSet gradients,
        Norm norm,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> dy,
        Span<float> dx)
    {
        if (gradients.Of(norm.Weights.Weight) is { } weight)
        {
            TrainedTensor? bias = gradients.Of(norm.Weights.Bias);
            norm.BackwardWeights(x, dy, weight.Gradient, bias is null ? [] : bias.Gradient);
        }

        norm.Backward(pool, x, dy, dx);
    }
}
