using System.Runtime.InteropServices;
using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>
/// y += x · W, W of any format dequantised where it is packed: the backward of <see cref="FloatMatmul"/> and
/// <see cref="QuantMatmul"/> towards their input, and the second factor of an adapter.
/// </summary>
/// <remarks>
/// As a backward it differentiates the dequantised linear map; the rounding of activations is passed straight through.
/// Each y is one FMA chain over ascending rows of W, begun with its value before.
/// </remarks>
internal static class TransposedMatmul
{
    // Groups of tokens for each thread: each dequantises the weights of its columns again, so they are large.
    private const int LeastTokens = 2 * PackedProduct.RowBlock;

    /// <summary>y += x · W.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="weight">W [N, K].</param>
    /// <param name="x">[T, N], float32.</param>
    /// <param name="y">[T, K], float32, added to; may not overlap <paramref name="x"/>.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Accumulate(ComputePool pool, WeightMatrix weight, ReadOnlySpan<float> x, Span<float> y)
    {
        int tokenCount = x.Length / weight.Rows;
        Shape.RequireLength(x.Length, (long)tokenCount * weight.Rows, nameof(x));
        Shape.RequireLength(y.Length, (long)tokenCount * weight.Columns, nameof(y));
        Work work = new(weight, x, y, tokenCount, pool.ThreadCount);
        pool.Run(work.ItemCount, ref work);
    }

    private readonly ref struct Work : IParallelWork
    {
        private readonly WeightMatrix _weight;
        private readonly ReadOnlySpan<float> _x;
        private readonly Span<float> _y;
        private readonly int _tokenCount;
        private readonly int _tokensPerItem;
        private readonly int _columnBlockCount;

        public Work(WeightMatrix weight, ReadOnlySpan<float> x, Span<float> y, int tokenCount, int threadCount)
        {
            _weight = weight;
            _x = x;
            _y = y;
            _tokenCount = tokenCount;
            _columnBlockCount = (weight.Columns + PackedProduct.ColumnBlock - 1) / PackedProduct.ColumnBlock;

            // Tokens are independent, so how they are divided is free: only where there are few columns.
            int groups = _columnBlockCount >= 4 * threadCount ? 1 : 2 * threadCount;
            int least = weight.Format == TensorFormats.F32 ? PackedProduct.Rows : LeastTokens;
            int share = Math.Max(least, (tokenCount + groups - 1) / groups);
            _tokensPerItem = (share + PackedProduct.Rows - 1) / PackedProduct.Rows * PackedProduct.Rows;
        }

        public int ItemCount => _columnBlockCount * ((_tokenCount + _tokensPerItem - 1) / _tokensPerItem);

        public void Execute(int index, Scratch scratch)
        {
            int rows = _weight.Rows;
            int columns = _weight.Columns;
            int columnStart = index % _columnBlockCount * PackedProduct.ColumnBlock;
            int columnCount = Math.Min(PackedProduct.ColumnBlock, columns - columnStart);
            int tokenStart = index / _columnBlockCount * _tokensPerItem;
            int tokenEnd = Math.Min(tokenStart + _tokensPerItem, _tokenCount);
            Span<float> weights = scratch.Singles(PackedProduct.RowLength);
            Span<float> factors = scratch.Singles(PackedProduct.FactorLength);
            Span<float> line = scratch.Singles(columnCount);
            for (int row = 0; row < rows; row += PackedProduct.MostSteps)
            {
                int steps = Math.Min(PackedProduct.MostSteps, rows - row);
                for (int step = 0; step < steps; step++)
                {
                    PackedProduct.PackRow(Weights(row + step, columnStart, line), step, steps, weights);
                }

                for (int token = tokenStart; token < tokenEnd; token += PackedProduct.RowBlock)
                {
                    int count = Math.Min(PackedProduct.RowBlock, tokenEnd - token);
                    RowMajorFactors.Pack(new StridedMatrix(_x[((token * rows) + row)..], count, steps, rows), factors);
                    Span<float> sums = _y[((token * columns) + columnStart)..];
                    PackedProduct.Add<RowMajorFactors>(factors, weights, steps, sums, count, columnCount, columns);
                }
            }
        }

        private ReadOnlySpan<float> Weights(int row, int columnStart, Span<float> line)
        {
            if (_weight.Format == TensorFormats.F32)
            {
                return MemoryMarshal.Cast<byte, float>(_weight.Row(row)).Slice(columnStart, line.Length);
            }

            _weight.Dequantise(row, columnStart, line);
            return line;
        }
    }
}
