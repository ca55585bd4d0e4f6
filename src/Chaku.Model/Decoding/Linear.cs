using Chaku.Kernels.Memory;
using Chaku.Kernels.Ops;
using Chaku.Model.Adapters;

namespace Chaku.Model.Decoding;

/// <summary>
/// y = x · Wᵀ + bias + s · (x · Aᵀ) · Bᵀ: the seam for quantisation and for adapters. Rows of different adapters share
/// the
/// base multiplication; an adapter's path never rounds x.
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
        if (x.RoundedFor(Weight) is { } rounded)
        {
            QuantMatmul.Forward(x.Workspace.Pool, Weight, rounded, y);
        }
        else
        {
            FloatMatmul.Forward(x.Workspace.Pool, Weight, x.Values, y);
        }

        if (Bias.Length > 0)
        {
            RowBias.Forward(Bias, y);
        }

        foreach (AdapterRun run in runs)
        {
            if (run.Adapter?.For(this) is { } factors)
            {
                AddAdapter(in x, run, factors, y);
            }
        }
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

    private void AddAdapter(ref readonly LinearInput x, AdapterRun run, LoraFactors factors, Span<float> y)
    {
        ReadOnlySpan<float> rows = x.Values.Slice(run.FirstRow * InputSize, run.RowCount * InputSize);
        Span<float> inner = ProjectDown(x.Workspace, run, factors, rows);
        Span<float> target = y.Slice(run.FirstRow * OutputSize, run.RowCount * OutputSize);
        TransposedMatmul.Accumulate(x.Workspace.Pool, factors.TransposedB, inner, target);
    }
}
