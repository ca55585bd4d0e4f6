using System.Runtime.InteropServices;
using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>y = x · Wᵀ with float32 activations; weights of any format, dequantised on the way.</summary>
/// <remarks>
/// Bits: k is split into chunks of <see cref="ChunkLength"/>; a chunk has 8 FMA chains, chain j over k ≡ j (mod 8), and
/// the values behind the last whole vector go to the last chains, or to the first of a chunk that has no whole vector;
/// the 8 sums are added as in <see cref="VectorMath.Sum"/>, the chunks in ascending order.
/// See docs/decisions/0003-float-chains.md.
/// </remarks>
internal static class FloatMatmul
{
    /// <summary>Columns of a chunk: two blocks of the K-quants, and four rows of it stay in the first cache.</summary>
    public const int ChunkLength = 512;

    private const int TileRows = InnerTile.Rows;
    private const int FewTokens = 4;
    private const int ManyRows = 1024;
    private const int SmallRowBlock = 4 * TileRows;

    // Rows are fetched ahead within an item.
    private const int RowBlock = 16 * TileRows;

    // What is copied of many tokens serves as many rows.
    private const int WideRowBlock = 32 * TileRows;
    private const int TokenBlock = 96;

    // Rows that are copied to lie this far apart do not fall on the same lines of the cache.
    private const int TokenStride = ChunkLength + 8;

    /// <summary>y = x · Wᵀ.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="weight">W [N, K].</param>
    /// <param name="x">[T, K], float32.</param>
    /// <param name="y">[T, N], float32, overwritten; may not overlap <paramref name="x"/>.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Forward(ComputePool pool, WeightMatrix weight, ReadOnlySpan<float> x, Span<float> y)
    {
        Work work = new(new WeightProduct(weight, y), x);
        pool.Run(work.ItemCount, ref work);
    }

    /// <summary>The products of two or three weights with the same activations, in one dispatch.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="x">[T, K], float32.</param>
    /// <param name="first">A weight and its product; likewise the others.</param>
    /// <param name="second">The second.</param>
    /// <param name="third">Empty where there are two.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Forward(
        ComputePool pool, ReadOnlySpan<float> x, WeightProduct first, WeightProduct second, WeightProduct third)
    {
        Work firstWork = new(first, x);
        Work secondWork = new(second, x);
        Work thirdWork = third.IsEmpty ? default : new(third, x);
        JoinedWork<Work> work = new(
            firstWork,
            firstWork.ItemCount,
            secondWork,
            secondWork.ItemCount,
            thirdWork,
            third.IsEmpty ? 0 : thirdWork.ItemCount);
        pool.Run(work.ItemCount, ref work);
    }

    /// <summary>The scalar reference of one output: it defines the bits.</summary>
    /// <param name="row">[K], float32.</param>
    /// <param name="x">[K], float32.</param>
    public static float DotReference(ReadOnlySpan<float> row, ReadOnlySpan<float> x)
    {
        float total = 0;
        Span<float> lanes = stackalloc float[VectorMath.Width];
        for (int start = 0; start < row.Length; start += ChunkLength)
        {
            int length = Math.Min(ChunkLength, row.Length - start);
            int whole = length / VectorMath.Width * VectorMath.Width;
            int tailLane = whole > 0 ? VectorMath.Width - (length - whole) : 0;
            lanes.Clear();
            for (int k = 0; k < length; k++)
            {
                int lane = k < whole ? k % VectorMath.Width : tailLane + (k - whole);
                lanes[lane] = MathF.FusedMultiplyAdd(row[start + k], x[start + k], lanes[lane]);
            }

            float even = (lanes[0] + lanes[4]) + (lanes[2] + lanes[6]);
            float odd = (lanes[1] + lanes[5]) + (lanes[3] + lanes[7]);
            total += even + odd;
        }

        return total;
    }

    private readonly ref struct Work : IParallelWork
    {
        private readonly WeightMatrix _weight;
        private readonly ReadOnlySpan<float> _x;
        private readonly Span<float> _y;
        private readonly int _tokenCount;
        private readonly int _rowBlock;
        private readonly int _rowBlockCount;

        public Work(WeightProduct product, ReadOnlySpan<float> x)
        {
            _weight = product.Weight;
            _x = x;
            _y = product.Y;
            _tokenCount = x.Length / _weight.Columns;
            _rowBlock = _tokenCount > FewTokens ? WideRowBlock : _weight.Rows < ManyRows ? SmallRowBlock : RowBlock;
            _rowBlockCount = (_weight.Rows + _rowBlock - 1) / _rowBlock;
            Shape.RequireLength(x.Length, (long)_tokenCount * _weight.Columns, nameof(x));
            Shape.RequireLength(_y.Length, (long)_tokenCount * _weight.Rows, nameof(product));
        }

        public int ItemCount => _rowBlockCount * ((_tokenCount + TokenBlock - 1) / TokenBlock);

        public void Execute(int index, Scratch scratch)
        {
            int rowStart = index % _rowBlockCount * _rowBlock;
            int rowEnd = Math.Min(rowStart + _rowBlock, _weight.Rows);
            bool areWhole = _weight.Columns % RowKernel.ColumnMultiple == 0;
            if (_tokenCount == 1 && areWhole && _weight.Format.Rows is { } kernel)
            {
                for (; rowStart + TileRows <= rowEnd; rowStart += TileRows)
                {
                    kernel.Multiply(_weight.RowRange(rowStart, TileRows), _x, _y.Slice(rowStart, TileRows));
                }
            }

            // Neighbouring items share their tokens, which stay in the cache while the weights stream by.
            int tokenStart = index / _rowBlockCount * TokenBlock;
            int tokenEnd = Math.Min(tokenStart + TokenBlock, _tokenCount);
            if (rowStart < rowEnd)
            {
                Multiply(rowStart, rowEnd, tokenStart, tokenEnd, scratch);
            }
        }

        // Tokens are copied together, and outputs lie together until they are done: in the matrices of many tokens both
        // are pages apart.
        private void Multiply(int rowStart, int rowEnd, int tokenStart, int tokenEnd, Scratch scratch)
        {
            int tokenCount = tokenEnd - tokenStart;
            int width = rowEnd - rowStart;
            Span<float> tile = scratch.Singles(TileRows * ChunkLength);
            Span<float> packed = scratch.Singles(tokenCount * TokenStride);
            Span<float> sums = scratch.Singles(tokenCount * width);
            for (int start = 0; start < _weight.Columns; start += ChunkLength)
            {
                int length = Math.Min(ChunkLength, _weight.Columns - start);
                for (int token = 0; token < tokenCount; token++)
                {
                    _x.Slice(((tokenStart + token) * _weight.Columns) + start, length)
                        .CopyTo(packed[(token * TokenStride)..]);
                }

                StridedMatrix tokens = new(packed, tokenCount, length, TokenStride);
                for (int row = rowStart; row < rowEnd; row += TileRows)
                {
                    int rowCount = Math.Min(TileRows, rowEnd - row);
                    InnerTile.Multiply(
                        Rows(row, rowCount, start, length, tile),
                        tokens,
                        isFirst: start == 0,
                        sums[(row - rowStart)..],
                        width,
                        rowCount);
                }
            }

            for (int token = 0; token < tokenCount; token++)
            {
                sums.Slice(token * width, width).CopyTo(_y[(((tokenStart + token) * _weight.Rows) + rowStart)..]);
            }
        }

        // Four rows read where they lie if they are float32, dequantised into the tile otherwise.
        private StridedMatrix Rows(int row, int rowCount, int start, int length, Span<float> tile)
        {
            if (_weight.Format == TensorFormats.F32 && rowCount == TileRows)
            {
                ReadOnlySpan<float> rows = MemoryMarshal.Cast<byte, float>(_weight.RowRange(row, TileRows));
                return new StridedMatrix(rows[start..], TileRows, length, _weight.Columns);
            }

            for (int i = 0; i < rowCount; i++)
            {
                _weight.Dequantise(row + i, start, tile.Slice(i * ChunkLength, length));
            }

            return new StridedMatrix(tile, TileRows, length, ChunkLength);
        }
    }
}
