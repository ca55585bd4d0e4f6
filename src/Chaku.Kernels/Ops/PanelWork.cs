using System.Runtime.Intrinsics;
using Chaku.Kernels.Formats.Panels;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>
/// y = x · Wᵀ by panels of eight rows, two at a time. An item is some panels × the tiles of some tokens: the tiles stay
/// in the second level of cache while panels stream by, and a range of two panels' blocks, unpacked, in the first while
/// it meets each tile of eight. A few tiles meet the panels as they are.
/// </summary>
internal readonly ref struct PanelWork : IParallelWork
{
    private const int TileBlockByteLength = 320 * 1024;
    private const int RangeByteLength = 16 * 1024;

    // So few tiles are done sooner from the panel itself: eight sequences by 15 to 35 %, measured.
    private const int FewTiles = 2;
    private const int PairRows = 2 * PanelKernel.Rows;
    private const int LeastPairsPerItem = 4;
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
        _unpacks = IsWide(0) && x.TileCount > FewTiles;
        int mostBlocks = _unpacks ? Math.Max(1, RangeByteLength / kernel.UnpackedBlockByteLength) : _blockCount;
        int rangeCount = (_blockCount + mostBlocks - 1) / mostBlocks;
        _blocksPerRange = (_blockCount + rangeCount - 1) / rangeCount;
        _panelCount = WeightPanels.CountOf(weight);
        _tilesPerItem = Math.Max(1, TileBlockByteLength / x.Tile(0).Length);
        int tokens = Math.Min(x.RowCount, _tilesPerItem * x.TileTokens(0));
        long productsPerPanel = (long)PanelKernel.Rows * weight.Columns * tokens;
        int pairsPerItem = (int)Math.Max(LeastPairsPerItem, LeastProductsPerItem / (2 * productsPerPanel));
        _panelsPerItem = 2 * pairsPerItem;
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
        Span<float> sums = scratch.Singles(_tilesPerItem * _x.TileTokens(0) * PairRows);
        Span<byte> unpacked = scratch.Bytes(_unpacks ? _blocksPerRange * _kernel.UnpackedBlockByteLength : 0);
        PanelSource source = new(_weight, _kernel, _packsOnce ? _blockCount : _blocksPerRange, scratch);
        ReadOnlySpan<byte> packed = _packsOnce ? Pack(source, panelStart, panelEnd, scratch) : [];
        for (; tileStart < end; tileStart += _tilesPerItem)
        {
            int tileEnd = Math.Min(tileStart + _tilesPerItem, end);
            int tokenStart = _x.TileRow(tileStart);
            Span<float> used = sums[..((_x.TileRow(tileEnd) - tokenStart) * PairRows)];
            for (int pair = panelStart; pair < panelEnd; pair += 2)
            {
                used.Clear();
                int pairEnd = Math.Min(pair + 2, panelEnd);
                for (int block = 0; block < _blockCount; block += _blocksPerRange)
                {
                    int count = Math.Min(_blocksPerRange, _blockCount - block);
                    Span<byte> both = _unpacks ? unpacked[..(count * _kernel.UnpackedBlockByteLength)] : [];
                    for (int panel = pair; panel < pairEnd; panel++)
                    {
                        int at = (((panel - panelStart) * _blockCount) + block) * _kernel.BlockByteLength;
                        ReadOnlySpan<byte> blocks = _packsOnce
                            ? packed.Slice(at, count * _kernel.BlockByteLength)
                            : source.Blocks(panel, block, count);
                        Span<float> chains = used[((panel - pair) * PanelKernel.Rows)..];
                        if (_unpacks)
                        {
                            _kernel.Unpack(blocks, panel - pair, both);
                        }
                        else
                        {
                            MultiplyEights(blocks, block, tileStart, tileEnd, chains);
                        }

                        MultiplySingles(blocks, block, tileStart, tileEnd, chains);
                    }

                    if (_unpacks)
                    {
                        MultiplyTiles(both, block, count, tileStart, tileEnd, used);
                    }
                }

                Store(used, pair * PanelKernel.Rows, tokenStart);
            }
        }
    }

    // Tiles of eight come first.
    private bool IsWide(int tile) => _x.TileTokens(tile) == PanelKernel.TileTokens;

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

    private void MultiplySingles(
        ReadOnlySpan<byte> panel, int block, int tileStart, int tileEnd, Span<float> sums)
    {
        int tokenStart = _x.TileRow(tileStart);
        for (int index = tileEnd - 1; index >= tileStart && !IsWide(index); index--)
        {
            int at = (_x.TileRow(index) - tokenStart) * PairRows;
            int count = panel.Length / _kernel.BlockByteLength;
            _kernel.MultiplyOne(panel, Blocks(index, block, count), sums.Slice(at, PanelKernel.Rows));
        }
    }

    private void MultiplyEights(
        ReadOnlySpan<byte> panel, int block, int tileStart, int tileEnd, Span<float> sums)
    {
        const int Length = PanelKernel.TileTokens * PairRows;
        int count = panel.Length / _kernel.BlockByteLength;
        for (int index = tileStart; index < tileEnd && IsWide(index); index++)
        {
            Span<float> chains = sums.Slice((index - tileStart) * Length, Length - PanelKernel.Rows);
            _kernel.MultiplyEight(panel, Blocks(index, block, count), chains);
        }
    }

    private void MultiplyTiles(
        ReadOnlySpan<byte> unpacked, int block, int blockCount, int tileStart, int tileEnd, Span<float> sums)
    {
        const int TileSums = PanelKernel.TileTokens * PairRows;
        for (int index = tileStart; index < tileEnd && IsWide(index); index++)
        {
            Span<float> tileSums = sums.Slice((index - tileStart) * TileSums, TileSums);
            _kernel.MultiplyTile(unpacked, Blocks(index, block, blockCount), tileSums);
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
        int rowCount = Math.Min(PairRows, _weight.Rows - row);
        int tokenEnd = Math.Min(tokenStart + (sums.Length / PairRows), _x.RowCount);
        if (rowCount == PairRows)
        {
            for (int token = tokenStart; token < tokenEnd; token++)
            {
                int at = (token - tokenStart) * PairRows;
                Vector512.Create(sums.Slice(at, PairRows)).CopyTo(_y[((token * _weight.Rows) + row)..]);
            }

            return;
        }

        for (int token = tokenStart; token < tokenEnd; token++)
        {
            sums.Slice((token - tokenStart) * PairRows, rowCount).CopyTo(_y[((token * _weight.Rows) + row)..]);
        }
    }
}
