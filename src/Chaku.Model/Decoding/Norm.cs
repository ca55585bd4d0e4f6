using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.Model.Decoding;

/// <summary>A norm over the residual stream, of either kind.</summary>
/// <param name="config">What it computes.</param>
/// <param name="weights">Its weights.</param>
internal sealed class Norm(NormConfig config, NormWeights weights)
{
    /// <summary>Its weights.</summary>
    public NormWeights Weights => weights;

    /// <summary>y = norm(x).</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="x">[T, hidden].</param>
    /// <param name="y">[T, hidden]; may be <paramref name="x"/> itself.</param>
    public void Forward(ComputePool pool, ReadOnlySpan<float> x, Span<float> y)
    {
        switch (config.Kind)
        {
            case NormKind.Rms:
                RmsNorm.Forward(pool, x, weights.Weight, config.Epsilon, y);
                break;
            case NormKind.Layer:
                LayerNorm.Forward(pool, x, weights.Weight, weights.Bias, config.Epsilon, y);
                break;
            default:
                throw new InvalidOperationException($"there is no norm {config.Kind}");
        }
    }

    /// <summary>The gradients of weight and bias grow.</summary>
    /// <param name="x">[T, hidden], the forward's input.</param>
    /// <param name="dy">[T, hidden].</param>
    /// <param name="dWeight">[hidden], added to.</param>
    /// <param name="dBias">[hidden], added to; empty without a bias.</param>
    public void BackwardWeights(
        ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> dWeight, Span<float> dBias)
    {
        switch (config.Kind)
        {
            case NormKind.Rms:
                RmsNorm.BackwardWeight(x, config.Epsilon, dy, dWeight);
                break;
            case NormKind.Layer:
                LayerNorm.BackwardWeight(x, config.Epsilon, dy, dWeight, dBias);
                break;
            default:
                throw new InvalidOperationException($"there is no norm {config.Kind}");
        }
    }

    /// <summary>dx += the gradient of the norm's input.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="x">[T, hidden], the forward's input.</param>
    /// <param name="dy">[T, hidden].</param>
    /// <param name="dx">[T, hidden], added to.</param>
    public void Backward(ComputePool pool, ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> dx)
    {
        switch (config.Kind)
        {
            case NormKind.Rms:
                RmsNorm.Backward(pool, x, weights.Weight, config.Epsilon, dy, dx);
                break;
            case NormKind.Layer:
                LayerNorm.Backward(pool, x, weights.Weight, config.Epsilon, dy, dx);
                break;
            default:
                throw new InvalidOperationException($"there is no norm {config.Kind}");
        }
    }
}
