using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>
/// The multiplication of one format by vectors of eight numbers: sixteen interleaved rows, a panel, with one token or
/// with eight. Each of its
/// blocks is one of eight rows, then one of the other eight. The same bits as <see cref="QuantKernel.DotReference"/>,
/// but for which NaN a NaN is.
/// </summary>
internal abstract class PanelKernel
{
    /// <summary>Rows of a panel.</summary>
    public const int Rows = 16;

    /// <summary>Rows of a vector, of which a panel has two.</summary>
    public const int HalfRows = 8;

    /// <summary>Tokens of the wide tile.</summary>
    public const int TileTokens = 8;

    /// <summary>Whether this processor can.</summary>
    public static bool IsSupported => Avx2.IsSupported || ArmDot.IsSupported;

    /// <summary>Bytes of one block of a panel.</summary>
    public abstract int BlockByteLength { get; }

    /// <summary>Bytes of one block of an unpacked panel; 0 where it is never worth to unpack.</summary>
    public virtual int UnpackedBlockByteLength => 0;

    /// <summary>Tiles of eight tokens that are done sooner from the panel itself than unpacked, at most.</summary>
    public virtual int MostPackedTiles => 2;

    /// <summary>Interleaves some blocks of sixteen rows.</summary>
    /// <param name="rows">From the first row's first block to the last row's last.</param>
    /// <param name="rowByteLength">Bytes from a row to the next.</param>
    /// <param name="blockCount">Blocks of each row.</param>
    /// <param name="panel">[blockCount × <see cref="BlockByteLength"/>].</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public abstract void Pack(ReadOnlySpan<byte> rows, int rowByteLength, int blockCount, Span<byte> panel);

    /// <summary>Goes on with the float chains of one token.</summary>
    /// <param name="panel">[blocks].</param>
    /// <param name="tile">One token's blocks at the same columns.</param>
    /// <param name="sums">[16 rows], the chains so far.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public abstract void MultiplyOne(ReadOnlySpan<byte> panel, ReadOnlySpan<byte> tile, Span<float> sums);

    /// <summary>Goes on with the float chains of a few tiles of eight tokens, not worth to unpack for.</summary>
    /// <param name="panel">[blocks].</param>
    /// <param name="tiles">From the first tile's blocks at the same columns on, to the last tile's or further.</param>
    /// <param name="tileByteLength">Bytes from a tile to the next.</param>
    /// <param name="sums">[tiles, 8 tokens, 16 rows], the chains so far.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public abstract void MultiplyEights(
        ReadOnlySpan<byte> panel, ReadOnlySpan<byte> tiles, int tileByteLength, Span<float> sums);

    /// <summary>The kernel for this processor, chosen once; null where it has none of the instructions.</summary>
    public static PanelKernel? Create<TPanel, TBlock, TActivation>()
        where TPanel : struct, IPanel<TBlock, TActivation>
        where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
        where TActivation : unmanaged, IActivationBlock<TActivation> => true switch
        {
            _ when VnniDot.IsSupported => new PanelKernel<TPanel, TBlock, TActivation, DotProducts<VnniDot>>(),
            _ when Avx512BW.IsSupported => new WidePanelKernel<TPanel, TBlock, TActivation>(),
            _ when Avx2.IsSupported => new UnpackingPanelKernel<TPanel, TBlock, TActivation>(),
            _ when ArmDot.IsSupported => new PanelKernel<TPanel, TBlock, TActivation, DotProducts<ArmDot>>(),
            _ => null,
        };

    /// <summary>Unpacks blocks for <see cref="MultiplyTiles"/>.</summary>
    /// <param name="panel">[blocks].</param>
    /// <param name="unpacked">[blocks × <see cref="UnpackedBlockByteLength"/>].</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    /// <exception cref="NotSupportedException">This kernel does not unpack.</exception>
    public virtual void Unpack(ReadOnlySpan<byte> panel, Span<byte> unpacked) => throw new NotSupportedException();

    /// <summary>Goes on with the float chains of tiles of eight tokens.</summary>
    /// <param name="unpacked">[blocks].</param>
    /// <param name="tiles">From the first tile's blocks at the same columns on, to the last tile's or further.</param>
    /// <param name="tileByteLength">Bytes from a tile to the next.</param>
    /// <param name="sums">[tiles, 8 tokens, 16 rows], the chains so far.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    /// <exception cref="NotSupportedException">This kernel does not unpack.</exception>
    public virtual void MultiplyTiles(
        ReadOnlySpan<byte> unpacked, ReadOnlySpan<byte> tiles, int tileByteLength, Span<float> sums) =>
        throw new NotSupportedException();
}

/// <summary>The multiplication of a panel struct, straight from the panel.</summary>
/// <typeparam name="TPanel">The format's.</typeparam>
/// <typeparam name="TBlock">The block of one row.</typeparam>
/// <typeparam name="TActivation">The activation block of the same length.</typeparam>
/// <typeparam name="TProducts">The instruction set's products.</typeparam>
internal class PanelKernel<TPanel, TBlock, TActivation, TProducts> : PanelKernel
    where TPanel : struct, IPanel<TBlock, TActivation>
    where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
    where TActivation : unmanaged, IActivationBlock<TActivation>
    where TProducts : struct, IPanelProducts
{
    protected const int TileSums = TileTokens * Rows;

    public override int BlockByteLength => 2 * TPanel.ByteLength;

    public override void Pack(ReadOnlySpan<byte> rows, int rowByteLength, int blockCount, Span<byte> panel)
    {
        int blockByteLength = Unsafe.SizeOf<TBlock>();
        Require(rows.Length, ((Rows - 1L) * rowByteLength) + ((long)blockCount * blockByteLength), nameof(rows));
        Require(panel.Length, (long)blockCount * BlockByteLength, nameof(panel));
        ref byte source = ref MemoryMarshal.GetReference(rows);
        ref byte target = ref MemoryMarshal.GetReference(panel);
        for (int block = 0; block < blockCount; block++)
        {
            for (int half = 0; half < Rows; half += HalfRows)
            {
                ref byte first = ref Unsafe.AddByteOffset(ref source, (nuint)half * (nuint)rowByteLength);
                TPanel.Pack(in Unsafe.As<byte, TBlock>(ref first), (nuint)rowByteLength, ref target);
                target = ref Unsafe.AddByteOffset(ref target, (nuint)TPanel.ByteLength);
            }

            source = ref Unsafe.AddByteOffset(ref source, (nuint)blockByteLength);
        }
    }

    public override void MultiplyOne(ReadOnlySpan<byte> panel, ReadOnlySpan<byte> tile, Span<float> sums)
    {
        nuint blockCount = BlockCount(panel.Length, BlockByteLength);
        Require(tile.Length, (long)(blockCount * ActivationTile<TActivation>.BlockByteLength(1)), nameof(tile));
        Require(sums.Length, Rows, nameof(sums));
        PanelLoops<TPanel, TBlock, TActivation, TProducts>.MultiplyOne(
            ref MemoryMarshal.GetReference(panel),
            ref MemoryMarshal.GetReference(tile),
            blockCount,
            ref MemoryMarshal.GetReference(sums));
    }

    public override void MultiplyEights(
        ReadOnlySpan<byte> panel, ReadOnlySpan<byte> tiles, int tileByteLength, Span<float> sums)
    {
        nuint blockCount = BlockCount(panel.Length, BlockByteLength);
        ref byte blocks = ref MemoryMarshal.GetReference(panel);
        int count = RequireTiles(blockCount, tiles, tileByteLength, sums);
        for (int i = 0; i < count; i++)
        {
            ref byte tile = ref Tile(tiles, i, tileByteLength);
            ref float chains = ref sums[i * TileSums];
            MultiplyEight(ref blocks, ref tile, blockCount, ref chains);
        }
    }

    /// <summary>Goes on with the float chains of one tile; lengths are checked.</summary>
    protected virtual void MultiplyEight(ref byte panel, ref byte tile, nuint blockCount, ref float sums) =>
        PanelLoops<TPanel, TBlock, TActivation, TProducts>.MultiplyEight(ref panel, ref tile, blockCount, ref sums);

    protected static ref byte Tile(ReadOnlySpan<byte> tiles, int index, int tileByteLength) =>
        ref Unsafe.AddByteOffset(ref MemoryMarshal.GetReference(tiles), (nuint)index * (nuint)tileByteLength);

    protected static nuint BlockCount(int panelLength, int blockByteLength)
    {
        int blockCount = panelLength / blockByteLength;
        Require(panelLength, (long)blockCount * blockByteLength, "panel");
        return (nuint)blockCount;
    }

    protected static int RequireTiles(
        nuint blockCount, ReadOnlySpan<byte> tiles, int tileByteLength, ReadOnlySpan<float> sums)
    {
        int count = sums.Length / TileSums;
        Require(sums.Length, (long)count * TileSums, nameof(sums));
        long blocks = (long)(blockCount * ActivationTile<TActivation>.BlockByteLength(TileTokens));
        long expected = ((count - 1L) * tileByteLength) + blocks;
        if (tiles.Length < expected || tileByteLength < blocks)
        {
            throw new ArgumentException(
                $"{count} tiles of {blocks} bytes each {tileByteLength} take {expected}, got {tiles.Length}",
                nameof(tiles));
        }

        return count;
    }

    protected static void Require(int actual, long expected, string name)
    {
        if (actual != expected)
        {
            throw new ArgumentException($"expected {expected} bytes or sums, got {actual}", name);
        }
    }
}
