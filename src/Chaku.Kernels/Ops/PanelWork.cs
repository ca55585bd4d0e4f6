using System.Runtime.Intrinsics;
using Chaku.Kernels.Formats.Panels;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>
/// y = x · Wᵀ by panels of sixteen rows. An item is some panels × the tiles of some tokens: the tiles stay in the
/// second level of cache while panels stream by, and a range of a panel's blocks, unpacked, in the first while it meets
/// each tile of eight. A few tiles meet the panels as they are.
/// </summary>
internal readonly ref struct PanelWork : IParallelWork
{
    private const int TileBlockByteLength = 640 * 1024;
    private const int RangeByteLength = 20 * 1024;

    private const int LeastPanelsPerItem = 1;
    private const int LeastProductsPerItem = 1 << 17;

    private readonly PanelKernel _kernel;
    private readonly WeightMatrix _weight;
    private readonly RoundedActivations _x;
    private readonly Span<float> _y;
    private readonly int _blockCount;
    private readonly int _blocksPerRange;
    private readonly int _panelCount;
    private readonly int _panelsPerItem;
    private readonly int _panelGroupCount;
    private readonly int _tilesPerItem;
    private readonly bool _unpacks;
    private readonly bool _packsOnce;

    /// <summary>Divides the work.</summary>
    /// <param name="kernel">The format's.</param>
    /// <param name="weight">W [N, K].</param>
    /// <param name="x">[T, K], at least one token.</param>
    /// <param name="y">[T, N].</param>
    public PanelWork(PanelKernel kernel, WeightMatrix weight, RoundedActivations x, Span<float> y)
    {
        _kernel = kernel;
        _weight = weight;
        _x = x;
        _y = y;
        _blockCount = weight.Columns / weight.Format.BlockLength;
        _unpacks = kernel.UnpackedBlockByteLength > 0 && IsWide(0) && x.TileCount > kernel.MostPackedTiles;
        int mostBlocks = _unpacks ? Math.Max(1, RangeByteLength / kernel.UnpackedBlockByteLength) : _blockCount;
        int rangeCount = (_blockCount + mostBlocks - 1) / mostBlocks;
        _blocksPerRange = (_blockCount + rangeCount - 1) / rangeCount;
        _panelCount = WeightPanels.CountOf(weight);
        _tilesPerItem = Math.Max(1, TileBlockByteLength / x.Tile(0).Length);
        int tokens = Math.Min(x.RowCount, _tilesPerItem * x.TileTokens(0));
        long productsPerPanel = (long)PanelKernel.Rows * weight.Columns * tokens;
        _panelsPerItem = (int)Math.Max(LeastPanelsPerItem, LeastProductsPerItem / productsPerPanel);
        _panelGroupCount = (_panelCount + _panelsPerItem - 1) / _panelsPerItem;

        // Rows that are interleaved on the way meet all tokens in one item, so that it is done once.
        _packsOnce = weight.Panels is null && x.TileCount > _tilesPerItem;
    }

    /// <summary>Items.</summary>
    public int ItemCount => _packsOnce
        ? _panelGroupCount
        : _panelGroupCount * ((_x.TileCount + _tilesPerItem - 1) / _tilesPerItem);

    /// <inheritdoc/>
    public void Execute(int index, Scratch scratch)
    {
        // Neighbouring items share their tokens.
        int panelStart = index % _panelGroupCount * _panelsPerItem;
        int panelEnd = Math.Min(panelStart + _panelsPerItem, _panelCount);
        int tileStart = index / _panelGroupCount * _tilesPerItem;
        int end = _packsOnce ? _x.TileCount : Math.Min(tileStart + _tilesPerItem, _x.TileCount);
        Span<float> sums = scratch.Singles(_tilesPerItem * _x.TileTokens(0) * PanelKernel.Rows);
        Span<byte> unpacked = scratch.Bytes(_unpacks ? _blocksPerRange * _kernel.UnpackedBlockByteLength : 0);
        PanelSource source = _packsOnce
            ? new(_weight, _kernel, _blockCount, panelStart, panelEnd, scratch)
            : new(_weight, _kernel, _blocksPerRange, scratch);
        for (; tileStart < end; tileStart += _tilesPerItem)
        {
            int tileEnd = Math.Min(tileStart + _tilesPerItem, end);
            int tokenStart = _x.TileRow(tileStart);
            Span<float> used = sums[..((_x.TileRow(tileEnd) - tokenStart) * PanelKernel.Rows)];
            for (int panel = panelStart; panel < panelEnd; panel++)
            {
                used.Clear();
                for (int block = 0; block < _blockCount; block += _blocksPerRange)
                {
                    int count = Math.Min(_blocksPerRange, _blockCount - block);
                    ReadOnlySpan<byte> blocks = source.Blocks(panel, block, count);
                    MultiplySingles(blocks, block, tileStart, tileEnd, used);
                    MultiplyWide(blocks, block, tileStart, tileEnd, used, unpacked);
                }

                Store(used, panel * PanelKernel.Rows, tokenStart);
            }
        }
    }

    // Tiles of eight come first.
    private bool IsWide(int tile) => _x.TileTokens(tile) == PanelKernel.TileTokens;

    private void MultiplySingles(
        ReadOnlySpan<byte> panel, int block, int tileStart, int tileEnd, Span<float> sums)
    {
        int tokenStart = _x.TileRow(tileStart);
        int count = panel.Length / _kernel.BlockByteLength;
        for (int index = tileEnd - 1; index >= tileStart && !IsWide(index); index--)
        {
            int at = (_x.TileRow(index) - tokenStart) * PanelKernel.Rows;
            _kernel.MultiplyOne(panel, Blocks(index, block, count), sums.Slice(at, PanelKernel.Rows));
        }
    }

    private void MultiplyWide(
        ReadOnlySpan<byte> panel, int block, int tileStart, int tileEnd, Span<float> sums, Span<byte> unpacked)
    {
        ReadOnlySpan<byte> tiles = _x.WideTiles(tileStart, tileEnd);
        if (tiles.IsEmpty)
        {
            return;
        }

        int tileByteLength = _x.Tile(tileStart).Length;
        Span<float> chains = sums[..(tiles.Length / tileByteLength * PanelKernel.TileTokens * PanelKernel.Rows)];
        int at = tileByteLength / _blockCount * block;
        if (_unpacks)
        {
            int count = panel.Length / _kernel.BlockByteLength;
            Span<byte> range = unpacked[..(count * _kernel.UnpackedBlockByteLength)];
            _kernel.Unpack(panel, range);
            _kernel.MultiplyTiles(range, tiles[at..], tileByteLength, chains);
        }
        else
        {
            _kernel.MultiplyEights(panel, tiles[at..], tileByteLength, chains);
        }
    }

    private ReadOnlySpan<byte> Blocks(int tile, int block, int count)
    {
        ReadOnlySpan<byte> blocks = _x.Tile(tile);
        int blockByteLength = blocks.Length / _blockCount;
        return blocks.Slice(block * blockByteLength, count * blockByteLength);
    }

    private void Store(ReadOnlySpan<float> sums, int row, int tokenStart)
    {
        int rowCount = Math.Min(PanelKernel.Rows, _weight.Rows - row);
        int tokenEnd = Math.Min(tokenStart + (sums.Length / PanelKernel.Rows), _x.RowCount);
        if (rowCount == PanelKernel.Rows)
        {
            for (int token = tokenStart; token < tokenEnd; token++)
            {
                int at = (token - tokenStart) * PanelKernel.Rows;
                Vector512.Create(sums.Slice(at, PanelKernel.Rows)).CopyTo(_y[((token * _weight.Rows) + row)..]);
            }

            return;
        }

        for (int token = tokenStart; token < tokenEnd; token++)
        {
            sums.Slice((token - tokenStart) * PanelKernel.Rows, rowCount).CopyTo(_y[((token * _weight.Rows) + row)..]);
        }
    }
}
