using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;
using Chaku.Model.Decoding;

namespace Chaku.Training.Gradients;

/// <summary>
/// The backward of <see cref="Linear"/>: towards its input, the adapters' factors, and its weights where they
/// are trained.
/// </summary>
internal sealed class LinearBackward(Decoder decoder, GradientSet gradients) : IDisposable
{
    private readonly GrowingBuffer _unscaled = new();
    private readonly GrowingBuffer _dScale = new();
    private readonly GrowingBuffer _dScaled = new();
    private readonly GrowingBuffer _dInner = new();
    private readonly GrowingBuffer _dInput = new();

    private Workspace Workspace => decoder.Workspace;

    private ComputePool Pool => Workspace.Pool;

    /// <summary>dx += dy · W + the adapters' part; the factors' gradients grow.</summary>
    /// <param name="linear">The layer.</param>
    /// <param name="runs">As in the forward.</param>
    /// <param name="x">[T, in], the forward's input.</param>
    /// <param name="dy">[T, out].</param>
    /// <param name="dx">[T, in], added to; empty where nothing below needs it.</param>
    public void Run(
        Linear linear, ReadOnlySpan<AdapterRun> runs, ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> dx)
    {
        if (gradients.Of(linear.Bias) is { } bias)
        {
            RowBias.Backward(dy, bias.Gradient);
        }

        dy = BackwardScale(linear, runs, x, dy);
        if (gradients.Of(linear.Weight) is { } weight)
        {
            WeightGradient.Accumulate(Pool, dy, x, x.Length / linear.InputSize, weight.Gradient);
        }

        if (!dx.IsEmpty)
        {
            TransposedMatmul.Accumulate(Pool, linear.Weight, dy, dx);
        }

        if (gradients.For(linear) is not { } target)
        {
            return;
        }

        foreach (AdapterRun run in runs)
        {
            if (run.Adapter?.For(linear) == target.Factors)
            {
                (int inputs, int outputs) = (linear.InputSize, linear.OutputSize);
                ReadOnlySpan<float> rows = x.Slice(run.FirstRow * inputs, run.RowCount * inputs);
                ReadOnlySpan<float> dRows = dy.Slice(run.FirstRow * outputs, run.RowCount * outputs);
                Span<float> dInput = dx.IsEmpty ? dx : dx.Slice(run.FirstRow * inputs, run.RowCount * inputs);
                AddAdapter(target, run, rows, dRows, dInput);
            }
        }
    }

    /// <summary>The backward of a <see cref="Projection"/>.</summary>
    /// <param name="projection">Its matrices.</param>
    /// <param name="runs">As in the forward.</param>
    /// <param name="x">[T, in], the forward's input.</param>
    /// <param name="dParts">[T, width] each.</param>
    /// <param name="dx">[T, in], added to; empty where nothing below needs it.</param>
    public void Run(
        Projection projection,
        ReadOnlySpan<AdapterRun> runs,
        ReadOnlySpan<float> x,
        ProjectedParts dParts,
        Span<float> dx)
    {
        if (projection.IsFused)
        {
            Linear linear = projection.Linears[0];
            Span<float> dFused = Workspace.Fused.Take(x.Length / linear.InputSize * linear.OutputSize);
            projection.Join(dParts, dFused);
            Run(linear, runs, x, dFused, dx);
            return;
        }

        for (int part = 0; part < projection.Linears.Count; part++)
        {
            Run(projection.Linears[part], runs, x, dParts[part], dx);
        }
    }

    /// <summary>Bytes held.</summary>
    public long ByteLength => Buffers.Sum(buffer => buffer.ByteLength);

    private IEnumerable<GrowingBuffer> Buffers => [_unscaled, _dScale, _dScaled, _dInner, _dInput];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (GrowingBuffer buffer in Buffers)
        {
            buffer.Dispose();
        }
    }

    // Where DoRA scales the outputs, dy becomes the gradient before that; the magnitudes' gradient grows.
    private ReadOnlySpan<float> BackwardScale(
        Linear linear, ReadOnlySpan<AdapterRun> runs, ReadOnlySpan<float> x, ReadOnlySpan<float> dy)
    {
        (int inputs, int outputs) = (linear.InputSize, linear.OutputSize);
        Span<float> dScaled = [];
        foreach (AdapterRun run in runs)
        {
            if (run.Adapter?.ScaleOf(linear, Pool) is not { } scale)
            {
                continue;
            }

            if (dScaled.IsEmpty)
            {
                dScaled = _dScaled.Take(dy.Length);
                dy.CopyTo(dScaled);
            }

            Span<float> dRows = dScaled.Slice(run.FirstRow * outputs, run.RowCount * outputs);
            if (gradients.For(linear) is { } target && run.Adapter.For(linear) == target.Factors)
            {
                ReadOnlySpan<float> rows = x.Slice(run.FirstRow * inputs, run.RowCount * inputs);
                Span<float> unscaled = _unscaled.Take(dRows.Length);
                linear.ForwardUnscaled(Workspace, run, target.Factors, rows, decoder.IsExact, unscaled);
                Span<float> dScale = _dScale.TakeZeros(outputs);
                RowScale.BackwardScale(unscaled, dRows, dScale);
                scale.BackwardMagnitude(dScale, run.Adapter.Strength, target.Magnitude);
            }

            RowScale.Apply(scale.Factors, dRows);
        }

        return dScaled.IsEmpty ? dy : dScaled;
    }

    private void AddAdapter(
        FactorGradients target, AdapterRun run, ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> dx)
    {
        Linear linear = target.Linear;
        Span<float> inner = linear.ProjectDown(Workspace, run, target.Factors, x);
        WeightGradient.Accumulate(Pool, inner, dy, run.RowCount, target.TransposedB);

        Span<float> dInner = _dInner.Take(inner.Length);
        FloatMatmul.Forward(Pool, target.Factors.TransposedB, dy, dInner);
        VectorMath.Scale(run.Adapter!.Strength * target.Factors.Scale, dInner);
        ReadOnlySpan<float> dropped = linear.DropOut(Workspace, run, x);
        WeightGradient.Accumulate(Pool, dInner, dropped, run.RowCount, target.A);
        if (dx.IsEmpty)
        {
            return;
        }

        if (run.Dropout is not { } dropout)
        {
            TransposedMatmul.Accumulate(Pool, target.Factors.A, dInner, dx);
            return;
        }

        Span<float> dDropped = _dInput.Take(dx.Length);
        dDropped.Clear();
        TransposedMatmul.Accumulate(Pool, target.Factors.A, dInner, dDropped);
        dropout.Apply(dDropped, linear.InputSize, linear.Number, run.FirstNumber);
        VectorMath.Add(dDropped, dx);
    }
}
