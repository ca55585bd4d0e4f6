using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>dW += dyᵀ · x: the backward of y = x · Wᵀ towards its weights.</summary>
/// <remarks>Each dW is one FMA chain over ascending tokens, begun with its value before.</remarks>
internal static class WeightGradient
{
    /// <summary>dWeight += dyᵀ · x.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="dy">[T, N], float32.</param>
    /// <param name="x">[T, K], float32.</param>
    /// <param name="tokenCount">T.</param>
    /// <param name="dWeight">[N, K], float32, added to.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Accumulate(
        ComputePool pool, ReadOnlySpan<float> dy, ReadOnlySpan<float> x, int tokenCount, Span<float> dWeight)
    {
        if (tokenCount == 0)
        {
            return;
        }

        int rows = dy.Length / tokenCount;
        int columns = x.Length / tokenCount;
        Shape.RequireLength(dy.Length, (long)rows * tokenCount, nameof(dy));
        Shape.RequireLength(x.Length, (long)columns * tokenCount, nameof(x));
        Shape.RequireLength(dWeight.Length, (long)rows * columns, nameof(dWeight));
        Work work = new(dy, x, tokenCount, rows, columns, dWeight);
        pool.Run(work.ItemCount, ref work);
    }

    private readonly ref struct Work(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, int tokenCount, int rows, int columns, Span<float> dWeight)
        : IParallelWork
    {
        private readonly ReadOnlySpan<float> _dy = dy;
        private readonly ReadOnlySpan<float> _x = x;
        private readonly Span<float> _dWeight = dWeight;
        private readonly int _tokenCount = tokenCount;
        private readonly int _rows = rows;
        private readonly int _columns = columns;
        private readonly int _columnBlockCount = (columns + PackedProduct.ColumnBlock - 1) / PackedProduct.ColumnBlock;

        public int ItemCount =>
            _columnBlockCount * ((_rows + PackedProduct.RowBlock - 1) / PackedProduct.RowBlock);

        public void Execute(int index, Scratch scratch)
        {
            int column = index % _columnBlockCount * PackedProduct.ColumnBlock;
            int row = index / _columnBlockCount * PackedProduct.RowBlock;
            int rowCount = Math.Min(PackedProduct.RowBlock, _rows - row);
            int columnCount = Math.Min(PackedProduct.ColumnBlock, _columns - column);
            Span<float> inputs = scratch.Singles(PackedProduct.RowLength);
            Span<float> factors = scratch.Singles(PackedProduct.FactorLength);
            Span<float> sums = _dWeight[((row * _columns) + column)..];
            for (int token = 0; token < _tokenCount; token += PackedProduct.MostSteps)
            {
                int steps = Math.Min(PackedProduct.MostSteps, _tokenCount - token);
                for (int step = 0; step < steps; step++)
                {
                    int start = ((token + step) * _columns) + column;
                    PackedProduct.PackRow(_x.Slice(start, columnCount), step, steps, inputs);
                }

                StridedMatrix dy = new(_dy[((token * _rows) + row)..], steps, rowCount, _rows);
                StepMajorFactors.Pack(dy, factors);
                PackedProduct.Add<StepMajorFactors>(factors, inputs, steps, sums, rowCount, columnCount, _columns);
            }
        }
    }
}
