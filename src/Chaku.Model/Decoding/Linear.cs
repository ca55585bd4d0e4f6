using Chaku.Kernels.Memory;
using Chaku.Kernels.Ops;
using Chaku.Model.Adapters;

namespace Chaku.Model.Decoding;

/// <summary>
/// y = x · Wᵀ + bias + s · (x · Aᵀ) · Bᵀ, or, with DoRA, d ⊙ (x · Wᵀ + s · (x · Aᵀ) · Bᵀ) + bias: the seam for
/// quantisation and for adapters. Rows of different adapters share the base multiplication; an adapter's path never
/// rounds x.
/// </summary>
internal sealed class Linear
{
    /// <summary>A linear layer.</summary>
    /// <param name="number">Its place among the decoder's linear layers.</param>
    /// <param name="matrix">W and the name that adapters know it by.</param>
    public Linear(int number, NamedMatrix matrix)
    {
        Number = number;
        Name = matrix.Name;
        Weight = matrix.Weight;
        Bias = matrix.Bias;
    }

    /// <summary>Its place among the decoder's linear layers.</summary>
    public int Number { get; }

    /// <summary>The GGUF name of its weights.</summary>
    public string Name { get; }

    /// <summary>W [out, in].</summary>
    public WeightMatrix Weight { get; }

    /// <summary>[out]; empty without.</summary>
    public float[] Bias { get; }

    /// <summary>Columns of W.</summary>
    public int InputSize => Weight.Columns;

    /// <summary>Rows of W.</summary>
    public int OutputSize => Weight.Rows;

    /// <summary>y = x · Wᵀ + bias + adapters.</summary>
    /// <param name="x">[T, in], with its rounded form where the format asks for one.</param>
    /// <param name="runs">Neighbouring rows with the same adapter.</param>
    /// <param name="y">[T, out], overwritten.</param>
    public void Forward(ref LinearInput x, ReadOnlySpan<AdapterRun> runs, Span<float> y)
    {
        Multiply(ref x, y);
        Finish(ref x, runs, y);
    }

    /// <summary>y + bias + adapters, where y is the product of x with the weights.</summary>
    /// <param name="x">[T, in].</param>
    /// <param name="runs">Neighbouring rows with the same adapter.</param>
    /// <param name="y">[T, out], changed in place.</param>
    public void Finish(ref LinearInput x, ReadOnlySpan<AdapterRun> runs, Span<float> y)
    {
        x.Workspace.InputObserver?.Invoke(this, x.Values);
        if (runs.IsEmpty)
        {
            AddBias(x.Workspace, y);
        }

        foreach (AdapterRun run in runs)
        {
            Span<float> rows = y.Slice(run.FirstRow * OutputSize, run.RowCount * OutputSize);
            DoraScale? scale = run.Adapter?.ScaleOf(this, x.Workspace.Pool);
            if (scale is null)
            {
                AddBias(x.Workspace, rows);
            }

            if (run.Adapter?.For(this) is { } factors)
            {
                ReadOnlySpan<float> input = x.Values.Slice(run.FirstRow * InputSize, run.RowCount * InputSize);
                AddAdapter(x.Workspace, run, factors, input, rows);
            }

            if (scale is not null)
            {
                RowScale.Apply(scale.Factors, rows);
                AddBias(x.Workspace, rows);
            }
        }
    }

    /// <summary>
    /// z = x · Wᵀ + s · (x · Aᵀ) · Bᵀ, for the rows of one run: what DoRA's factors are multiplied with.
    /// </summary>
    /// <param name="workspace">Threads and scratch buffers.</param>
    /// <param name="run">The adapter and its dropout.</param>
    /// <param name="factors">The adapter's factors for this layer.</param>
    /// <param name="x">[rows, in] of the run.</param>
    /// <param name="isExact">Activations stay float32 for quantised weights too.</param>
    /// <param name="z">[rows, out], overwritten.</param>
    public void ForwardUnscaled(
        Workspace workspace,
        AdapterRun run,
        LoraFactors factors,
        ReadOnlySpan<float> x,
        bool isExact,
        Span<float> z)
    {
        LinearInput input = new(workspace, x, isExact);
        Multiply(ref input, z);
        AddAdapter(workspace, run, factors, x, z);
    }

    /// <summary>u = strength · scale · (dropout of x) · Aᵀ, the adapter's inner product.</summary>
    /// <param name="workspace">Threads and scratch buffers.</param>
    /// <param name="run">The adapter and its dropout.</param>
    /// <param name="factors">The adapter's factors for this layer.</param>
    /// <param name="x">[rows, in] of the run.</param>
    /// <returns>[rows, r]; valid until the next call.</returns>
    public Span<float> ProjectDown(Workspace workspace, AdapterRun run, LoraFactors factors, ReadOnlySpan<float> x)
    {
        int rowCount = x.Length / InputSize;
        Span<float> inner = workspace.AdapterInner.Take(rowCount * factors.Rank);
        FloatMatmul.Forward(workspace.Pool, factors.A, DropOut(workspace, run, x), inner);
        VectorMath.Scale(run.Adapter!.Strength * factors.Scale, inner);
        return inner;
    }

    /// <summary>x with the run's dropout; x itself where there is none.</summary>
    public ReadOnlySpan<float> DropOut(Workspace workspace, AdapterRun run, ReadOnlySpan<float> x)
    {
        if (run.Dropout is not { } dropout)
        {
            return x;
        }

        Span<float> dropped = workspace.AdapterInput.Take(x.Length);
        x.CopyTo(dropped);
        dropout.Apply(dropped, InputSize, Number, run.FirstNumber);
        return dropped;
    }

    private void Multiply(ref LinearInput x, Span<float> y)
    {
        if (x.RoundedFor(Weight) is { } rounded)
        {
            QuantMatmul.Forward(x.Workspace.Pool, Weight, rounded, y);
        }
        else
        {
            FloatMatmul.Forward(x.Workspace.Pool, Weight, x.Values, y);
        }
    }

    private void AddBias(Workspace workspace, Span<float> rows)
    {
        if (Bias.Length > 0)
        {
            RowBias.Forward(workspace.Pool, Bias, rows);
        }
    }

    private void AddAdapter(
        Workspace workspace, AdapterRun run, LoraFactors factors, ReadOnlySpan<float> x, Span<float> y)
    {
        Span<float> inner = ProjectDown(workspace, run, factors, x);
        TransposedMatmul.Accumulate(workspace.Pool, factors.TransposedB, inner, y);
    }
}
