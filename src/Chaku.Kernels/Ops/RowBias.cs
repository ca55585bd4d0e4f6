using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>y = x + bias, for each row.</summary>
internal static class RowBias
{
    /// <summary>rows += bias.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="bias">[D].</param>
    /// <param name="rows">[T, D], float32.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Forward(ComputePool pool, ReadOnlySpan<float> bias, Span<float> rows)
    {
        int rowCount = rows.Length / Math.Max(1, bias.Length);
        Shape.RequireLength(rows.Length, (long)rowCount * bias.Length, nameof(rows));
        ForwardWork work = new(bias, rows);
        pool.Run(RowWork.ItemCount(rowCount, bias.Length), ref work);
    }

    /// <summary>dBias += Σ over rows, ascending, of dy. The gradient of the rows is dy itself.</summary>
    /// <param name="dy">[T, D].</param>
    /// <param name="dBias">[D], added to.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Backward(ReadOnlySpan<float> dy, Span<float> dBias)
    {
        Shape.RequireLength(dy.Length, (long)(dy.Length / Math.Max(1, dBias.Length)) * dBias.Length, nameof(dy));
        for (int start = 0; start < dy.Length; start += dBias.Length)
        {
            VectorMath.Add(dy.Slice(start, dBias.Length), dBias);
        }
    }

    private readonly ref struct ForwardWork(ReadOnlySpan<float> bias, Span<float> rows) : IParallelWork
    {
        private readonly ReadOnlySpan<float> _bias = bias;
        private readonly Span<float> _rows = rows;

        public void Execute(int index, Scratch scratch)
        {
            int length = RowWork.RowsPerItem(_bias.Length) * _bias.Length;
            int end = Math.Min((index + 1) * length, _rows.Length);
            for (int start = index * length; start < end; start += _bias.Length)
            {
                VectorMath.Add(_bias, _rows.Slice(start, _bias.Length));
            }
        }
    }
}
