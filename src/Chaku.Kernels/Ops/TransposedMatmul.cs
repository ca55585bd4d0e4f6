using System.Runtime.InteropServices;
using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>
/// y += x · W, W of any format dequantised tile by tile: the backward of <see cref="FloatMatmul"/> and
/// <see cref="QuantMatmul"/> towards their input, and the second factor of an adapter.
/// </summary>
/// <remarks>
/// As a backward it differentiates the dequantised linear map; the rounding of activations is passed straight through.
/// Each y is one FMA chain over ascending rows of W, begun with its value before.
/// </remarks>
internal static class TransposedMatmul
{
    private const int ColumnBlock = 256;
    private const int RowTile = 32;
    private const int TokenBlock = 192;

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
        private readonly int _tokenBlock;
        private readonly int _columnBlockCount;

        public Work(WeightMatrix weight, ReadOnlySpan<float> x, Span<float> y, int tokenCount, int threadCount)
        {
            _weight = weight;
            _x = x;
            _y = y;
            _tokenCount = tokenCount;
            _columnBlockCount = (weight.Columns + ColumnBlock - 1) / ColumnBlock;

            // Tokens are independent, so how they are divided is free: finely where there are few columns.
            int share = (tokenCount / (2 * threadCount)) + 1;
            _tokenBlock = Math.Min(TokenBlock, (share + OuterTile.Rows - 1) / OuterTile.Rows * OuterTile.Rows);
        }

        public int ItemCount => _columnBlockCount * ((_tokenCount + _tokenBlock - 1) / _tokenBlock);

        public void Execute(int index, Scratch scratch)
        {
            int rows = _weight.Rows;
            int columns = _weight.Columns;
            int columnStart = index % _columnBlockCount * ColumnBlock;
            int columnCount = Math.Min(ColumnBlock, columns - columnStart);
            int tokenStart = index / _columnBlockCount * _tokenBlock;
            int tokenCount = Math.Min(_tokenBlock, _tokenCount - tokenStart);
            Span<float> tile = scratch.Singles(RowTile * ColumnBlock);
            for (int row = 0; row < rows; row += RowTile)
            {
                int rowCount = Math.Min(RowTile, rows - row);
                OuterTile.Add(
                    new StridedMatrix(_x[((tokenStart * rows) + row)..], tokenCount, rowCount, rows),
                    Weights(row, rowCount, columnStart, columnCount, tile),
                    _y[((tokenStart * columns) + columnStart)..],
                    columns);
            }
        }

        private StridedMatrix Weights(int row, int rowCount, int columnStart, int columnCount, Span<float> tile)
        {
            if (_weight.Format == TensorFormats.F32)
            {
                ReadOnlySpan<float> rows = MemoryMarshal.Cast<byte, float>(_weight.RowRange(row, rowCount));
                return new StridedMatrix(rows[columnStart..], rowCount, columnCount, _weight.Columns);
            }

            for (int i = 0; i < rowCount; i++)
            {
                _weight.Dequantise(row + i, columnStart, tile.Slice(i * columnCount, columnCount));
            }

            return new StridedMatrix(tile, rowCount, columnCount, columnCount);
        }
    }
}
