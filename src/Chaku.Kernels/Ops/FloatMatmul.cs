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

    private const int WideRowBlock = 32 * TileRows;

    // What is dequantised serves as many tokens as the second cache holds a chunk of.
    private const int TokenBlock = 57 * InnerTile.Tokens;

    /// <summary>y = x · Wᵀ.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="weight">W [N, K].</param>
    /// <param name="x">[T, K], float32.</param>
    /// <param name="y">[T, N], float32, overwritten; may not overlap <paramref name="x"/>.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Forward(ComputePool pool, WeightMatrix weight, ReadOnlySpan<float> x, Span<float> y)
    {
        FloatTokens tokens = new(pool, x, weight.Columns, weight.Rows);
        Work work = new(new WeightProduct(weight, y), tokens);
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
        FloatTokens tokens = new(pool, x, first.Weight.Columns, first.Weight.Rows);
        Work firstWork = new(first, tokens);
        Work secondWork = new(second, tokens);
        Work thirdWork = third.IsEmpty ? default : new(third, tokens);
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
        private readonly FloatTokens _tokens;
        private readonly Span<float> _y;
        private readonly int _rowBlock;
        private readonly int _rowBlockCount;
        private readonly int _tokenBlock;
        private readonly int _tokenBlockCount;

        public Work(WeightProduct product, FloatTokens tokens)
        {
            _weight = product.Weight;
            _tokens = tokens;
            _y = product.Y;
            _rowBlock = tokens.Count > FewTokens ? WideRowBlock : _weight.Rows < ManyRows ? SmallRowBlock : RowBlock;
            _rowBlockCount = (_weight.Rows + _rowBlock - 1) / _rowBlock;
            _tokenBlockCount = (tokens.Count + TokenBlock - 1) / TokenBlock;
            int tileCount = (tokens.Count + InnerTile.Tokens - 1) / InnerTile.Tokens;
            _tokenBlock = (tileCount + _tokenBlockCount - 1) / Math.Max(_tokenBlockCount, 1) * InnerTile.Tokens;
            Shape.RequireLength(tokens.Columns, _weight.Columns, nameof(tokens));
            Shape.RequireLength(_y.Length, (long)tokens.Count * _weight.Rows, nameof(product));
        }

        public int ItemCount => _rowBlockCount * _tokenBlockCount;

        public void Execute(int index, Scratch scratch)
        {
            int rowStart = index % _rowBlockCount * _rowBlock;
            int rowEnd = Math.Min(rowStart + _rowBlock, _weight.Rows);
            bool areWhole = _weight.Columns % RowKernel.ColumnMultiple == 0;
            if (_tokens.Count == 1 && areWhole && _weight.Format.Rows is { } kernel)
            {
                for (; rowStart + TileRows <= rowEnd; rowStart += TileRows)
                {
                    kernel.Multiply(
                        _weight.RowRange(rowStart, TileRows), _tokens.Values, _y.Slice(rowStart, TileRows));
                }
            }

            // Neighbouring items share their tokens, which stay in the cache while the weights stream by.
            int tokenStart = index / _rowBlockCount * _tokenBlock;
            int tokenEnd = Math.Min(tokenStart + _tokenBlock, _tokens.Count);
            if (rowStart < rowEnd)
            {
                Multiply(rowStart, rowEnd, tokenStart, tokenEnd, scratch);
            }
        }

        // Outputs lie together until they are done: in the matrix of many tokens they are pages apart.
        private void Multiply(int rowStart, int rowEnd, int tokenStart, int tokenEnd, Scratch scratch)
        {
            int tokenCount = tokenEnd - tokenStart;
            int width = rowEnd - rowStart;
            Span<float> tile = scratch.Singles(TileRows * ChunkLength);
            Span<float> sums = scratch.Singles(tokenCount * width);
            for (int start = 0; start < _weight.Columns; start += ChunkLength)
            {
                StridedMatrix tokens = _tokens.Chunk(tokenStart, tokenCount, start);
                for (int row = rowStart; row < rowEnd; row += TileRows)
                {
                    int rowCount = Math.Min(TileRows, rowEnd - row);
                    StridedMatrix rows = Rows(row, rowCount, start, tokens.ColumnCount, tile);
                    Fetch(row + TileRows, rowEnd, start, tokens.ColumnCount);
                    InnerTile.Multiply(
                        rows,
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

        private void Fetch(int row, int rowEnd, int start, int length)
        {
            int end = Math.Min(row + TileRows, rowEnd);
            for (; row < end; row++)
            {
                _weight.Fetch(row, start, length);
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
