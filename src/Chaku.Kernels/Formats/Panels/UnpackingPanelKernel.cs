using System.Runtime.InteropServices;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>The AVX2 multiplication of a panel struct, which unpacks what many tokens meet.</summary>
/// <typeparam name="TPanel">The format's.</typeparam>
/// <typeparam name="TBlock">The block of one row.</typeparam>
/// <typeparam name="TActivation">The activation block of the same length.</typeparam>
internal class UnpackingPanelKernel<TPanel, TBlock, TActivation>
    : PanelKernel<TPanel, TBlock, TActivation, Avx2Products>
    where TPanel : struct, IPanel<TBlock, TActivation>
    where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
    where TActivation : unmanaged, IActivationBlock<TActivation>
{
    public override int UnpackedBlockByteLength =>
        (int)UnpackedPanels<TPanel, TBlock, TActivation>.BlockByteLength;

    public override void Unpack(ReadOnlySpan<byte> panel, Span<byte> unpacked)
    {
        nuint blockCount = BlockCount(panel.Length, BlockByteLength);
        Require(unpacked.Length, (long)blockCount * UnpackedBlockByteLength, nameof(unpacked));
        UnpackedPanels<TPanel, TBlock, TActivation>.Unpack(
            ref MemoryMarshal.GetReference(panel),
            blockCount,
            ref MemoryMarshal.GetReference(unpacked));
    }

    public override void MultiplyTiles(
        ReadOnlySpan<byte> unpacked, ReadOnlySpan<byte> tiles, int tileByteLength, Span<float> sums)
    {
        nuint blockCount = BlockCount(unpacked.Length, UnpackedBlockByteLength);
        ref byte blocks = ref MemoryMarshal.GetReference(unpacked);
        int count = RequireTiles(blockCount, tiles, tileByteLength, sums);
        for (int i = 0; i < count; i++)
        {
            MultiplyTile(ref blocks, ref Tile(tiles, i, tileByteLength), blockCount, ref sums[i * TileSums]);
        }
    }

    /// <summary>Goes on with the float chains of one tile; lengths are checked.</summary>
    protected virtual void MultiplyTile(ref byte unpacked, ref byte tile, nuint blockCount, ref float sums) =>
        TileLoops<TPanel, TBlock, TActivation>.Multiply(ref unpacked, ref tile, blockCount, ref sums);

    protected override void MultiplyEight(ref byte panel, ref byte tile, nuint blockCount, ref float sums)
    {
        if (UnpackedPanels<TPanel, TBlock, TActivation>.SumCount == 1)
        {
            SingleSumLoops<TPanel, TBlock, TActivation>.MultiplyEight(ref panel, ref tile, blockCount, ref sums);
        }
        else
        {
            base.MultiplyEight(ref panel, ref tile, blockCount, ref sums);
        }
    }
}
