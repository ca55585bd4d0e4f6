using System.Runtime.Intrinsics;
using Chaku.Kernels.Formats.Panels;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>
/// y = x · Wᵀ by panels of eight rows. An item is some panels × the tiles of some tokens: the tiles stay in the second
/// level of cache while panels stream by, and a range of a panel's blocks in the first while it meets each tile.
/// </summary>
internal readonly ref struct PanelWork : IParallelWork
{
    private const int TileBlockByteLength = 190 * 1024;
    private const int RangeByteLength = 16 * 1024;
    private const int LeastPanelsPerItem = 8;
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
        int mostBlocks = Math.Max(1, RangeByteLength / kernel.BlockByteLength);
        int rangeCount = (_blockCount + mostBlocks - 1) / mostBlocks;
        _blocksPerRange = (_blockCount + rangeCount - 1) / rangeCount;
        _panelCount = WeightPanels.CountOf(weight);
        _tilesPerItem = Math.Max(1, TileBlockByteLength / x.Tile(0).Length);
        int tokens = Math.Min(x.RowCount, _tilesPerItem * x.TileTokens(0));
        long productsPerPanel = (long)PanelKernel.Rows * weight.Columns * tokens;
        _panelsPerItem = Math.Max(LeastPanelsPerItem, (int)(LeastProductsPerItem / productsPerPanel));
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
        PanelSource source = new(_weight, _kernel, _packsOnce ? _blockCount : _blocksPerRange, scratch);
        ReadOnlySpan<byte> packed = _packsOnce ? Pack(source, panelStart, panelEnd, scratch) : [];
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
                    int at = (((panel - panelStart) * _blockCount) + block) * _kernel.BlockByteLength;
                    ReadOnlySpan<byte> blocks = _packsOnce
                        ? packed.Slice(at, count * _kernel.BlockByteLength)
                        : source.Blocks(panel, block, count);
                    MultiplyRange(blocks, block, count, tileStart, tileEnd, used);
                }

                Store(used, panel * PanelKernel.Rows, tokenStart);
            }
        }
    }

    private ReadOnlySpan<byte> Pack(PanelSource source, int panelStart, int panelEnd, Scratch scratch)
    {
        int panelByteLength = _blockCount * _kernel.BlockByteLength;
        Span<byte> packed = scratch.Bytes(checked((panelEnd - panelStart) * panelByteLength));
        for (int panel = panelStart; panel < panelEnd; panel++)
        {
            source.Pack(panel, 0, _blockCount, packed.Slice((panel - panelStart) * panelByteLength, panelByteLength));
        }

        return packed;
    }

    private void MultiplyRange(
        ReadOnlySpan<byte> panel, int block, int blockCount, int tileStart, int tileEnd, Span<float> sums)
    {
        int tokenStart = _x.TileRow(tileStart);
        for (int index = tileStart; index < tileEnd; index++)
        {
            int tokens = _x.TileTokens(index);
            ReadOnlySpan<byte> tile = _x.Tile(index);
            int blockByteLength = tile.Length / _blockCount;
            tile = tile.Slice(block * blockByteLength, blockCount * blockByteLength);
            int at = (_x.TileRow(index) - tokenStart) * PanelKernel.Rows;
            if (tokens == PanelKernel.TileTokens)
            {
                _kernel.MultiplyEight(panel, tile, sums.Slice(at, PanelKernel.TileTokens * PanelKernel.Rows));
            }
            else
            {
                _kernel.MultiplyOne(panel, tile, sums.Slice(at, PanelKernel.Rows));
            }
        }
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
                Vector256.Create(sums.Slice(at, PanelKernel.Rows)).CopyTo(_y[((token * _weight.Rows) + row)..]);
            }

            return;
        }

        for (int token = tokenStart; token < tokenEnd; token++)
        {
            sums.Slice((token - tokenStart) * PanelKernel.Rows, rowCount).CopyTo(_y[((token * _weight.Rows) + row)..]);
        }
    }
}
