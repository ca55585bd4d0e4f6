using Chaku.Kernels.Formats;
using Chaku.Kernels.Formats.Panels;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>
/// Rows of activations rounded to 8 bits once, for all the weights that they are multiplied with: row by row, and
/// packed in tiles where the processor has panel kernels.
/// </summary>
internal sealed class RoundedActivations : IDisposable
{
    // Floats that are worth handing to another thread.
    private const int FloatsPerItem = 4096;

    // Up to here single tokens are faster than a tile of eight that is mostly empty.
    private const int LargestSingleRest = 2;

    private NativeBuffer _rows = new(0);
    private NativeBuffer _tiles = new(0);
    private int _rowByteLength;
    private int _wideTileCount;
    private int _wideTileByteLength;
    private int _singleTileByteLength;

    /// <summary>Bytes held.</summary>
    public long ByteLength => _rows.ByteLength + _tiles.ByteLength;

    /// <summary>Rows.</summary>
    public int RowCount { get; private set; }

    /// <summary>Columns.</summary>
    public int Columns { get; private set; }

    /// <summary>Activations in one block.</summary>
    public int BlockLength { get; private set; }

    /// <summary>Tiles: of eight tokens first, the last of which may be filled up with zeros, then of one.</summary>
    public int TileCount { get; private set; }

    /// <summary>Rounds rows; what was held before is overwritten.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="kernel">Says how: blocks of 32 or of 256.</param>
    /// <param name="x">[T, K], float32.</param>
    /// <param name="columns">K; a multiple of the kernel's block.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public void Round(ComputePool pool, QuantKernel kernel, ReadOnlySpan<float> x, int columns)
    {
        Shape.RequireLength(columns % kernel.ActivationLength, 0, nameof(columns));
        RowCount = x.Length / columns;
        Columns = columns;
        BlockLength = kernel.ActivationLength;
        Shape.RequireLength(x.Length, (long)RowCount * columns, nameof(x));
        int rest = RowCount % PanelKernel.TileTokens;
        _wideTileCount = (RowCount / PanelKernel.TileTokens) + (rest > LargestSingleRest ? 1 : 0);
        TileCount = _wideTileCount + (rest > LargestSingleRest ? 0 : rest);
        _rowByteLength = kernel.ActivationByteLength(columns);
        _wideTileByteLength = kernel.TileByteLength(columns, PanelKernel.TileTokens);
        _singleTileByteLength = kernel.TileByteLength(columns, 1);
        EnsureLength(ref _rows, (long)TileRow(TileCount) * _rowByteLength);
        EnsureLength(ref _tiles, PanelKernel.IsSupported ? TileStart(TileCount) : 0);
        Work work = new(this, kernel, x, columns);
        pool.Run(work.ItemCount, ref work);
    }

    /// <summary>The codes, scales and sums of one row.</summary>
    public ReadOnlySpan<byte> Row(int row) => Rows(row, 1);

    /// <summary>Tokens that a tile has room for: 8 or 1.</summary>
    public int TileTokens(int tile) => tile < _wideTileCount ? PanelKernel.TileTokens : 1;

    /// <summary>The first row of a tile; of the tile after the last one, the end of the last one's room.</summary>
    public int TileRow(int tile) =>
        (Math.Min(tile, _wideTileCount) * PanelKernel.TileTokens) + Math.Max(tile - _wideTileCount, 0);

    /// <summary>A tile; only where the processor has panel kernels.</summary>
    public ReadOnlySpan<byte> Tile(int tile) => TileBytes(tile);

    /// <summary>
    /// Tiles of eight tokens from the first one asked for up to the last that there is, or to an end.
    /// </summary>
    public ReadOnlySpan<byte> WideTiles(int start, int end) => _tiles.Span<byte>(
        TileStart(Math.Min(start, _wideTileCount)),
        Math.Max(Math.Min(end, _wideTileCount) - start, 0) * _wideTileByteLength);

    /// <inheritdoc/>
    public void Dispose()
    {
        _rows.Dispose();
        _tiles.Dispose();
    }

    private static void EnsureLength(ref NativeBuffer buffer, long byteLength)
    {
        if (byteLength > buffer.ByteLength)
        {
            buffer.Dispose();
            buffer = new NativeBuffer(byteLength);
        }
    }

    private long TileStart(int tile) =>
        (Math.Min(tile, _wideTileCount) * (long)_wideTileByteLength) +
        (Math.Max(tile - _wideTileCount, 0) * (long)_singleTileByteLength);

    private Span<byte> Rows(int row, int count) =>
        _rows.Span<byte>((long)row * _rowByteLength, count * _rowByteLength);

    private Span<byte> TileBytes(int tile) => _tiles.Span<byte>(
        TileStart(tile), tile < _wideTileCount ? _wideTileByteLength : _singleTileByteLength);

    // An item is some tiles, or some blocks of one.
    private readonly ref struct Work(RoundedActivations target, QuantKernel kernel, ReadOnlySpan<float> x, int columns)
        : IParallelWork
    {
        private readonly RoundedActivations _target = target;
        private readonly QuantKernel _kernel = kernel;
        private readonly ReadOnlySpan<float> _x = x;
        private readonly int _columns = columns;
        private readonly int _tilesPerItem = Math.Max(1, FloatsPerItem / (target.TileTokens(0) * columns));
        private readonly int _blocksPerItem =
            Math.Max(1, FloatsPerItem / (target.TileTokens(0) * kernel.ActivationLength));

        public int ItemCount => RangeCount * ((_target.TileCount + _tilesPerItem - 1) / _tilesPerItem);

        private int BlockCount => _columns / _kernel.ActivationLength;

        private int RangeCount => (BlockCount + _blocksPerItem - 1) / _blocksPerItem;

        public void Execute(int index, Scratch scratch)
        {
            int start = index / RangeCount * _tilesPerItem;
            int firstBlock = index % RangeCount * _blocksPerItem;
            int blockCount = Math.Min(_blocksPerItem, BlockCount - firstBlock);
            int end = Math.Min(_target.TileCount, start + _tilesPerItem);
            for (int tile = start; tile < end; tile++)
            {
                RoundTile(tile, firstBlock, blockCount);
            }
        }

        private void RoundTile(int tile, int firstBlock, int blockCount)
        {
            int first = _target.TileRow(tile);
            int tokens = _target.TileTokens(tile);
            int blockByteLength = _target._rowByteLength / BlockCount;
            for (int row = first; row < first + tokens; row++)
            {
                Span<byte> blocks =
                    _target.Rows(row, 1).Slice(firstBlock * blockByteLength, blockCount * blockByteLength);
                if (row < _target.RowCount)
                {
                    int length = _kernel.ActivationLength;
                    int at = (row * _columns) + (firstBlock * length);
                    _kernel.Quantise(_x.Slice(at, blockCount * length), blocks);
                }
                else
                {
                    blocks.Clear();
                }
            }

            if (PanelKernel.IsSupported)
            {
                _kernel.PackTile(
                    _target.Rows(first, tokens), tokens, firstBlock, blockCount, _target.TileBytes(tile));
            }
        }
    }
}
