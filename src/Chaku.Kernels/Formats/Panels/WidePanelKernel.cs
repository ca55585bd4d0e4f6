namespace Chaku.Kernels.Formats.Panels;

/// <summary>The AVX-512 multiplication of a panel struct: as with AVX2, but tiles of eight tokens are wide.</summary>
/// <typeparam name="TPanel">The format's.</typeparam>
/// <typeparam name="TBlock">The block of one row.</typeparam>
/// <typeparam name="TActivation">The activation block of the same length.</typeparam>
internal sealed class WidePanelKernel<TPanel, TBlock, TActivation> : UnpackingPanelKernel<TPanel, TBlock, TActivation>
    where TPanel : struct, IPanel<TBlock, TActivation>
    where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
    where TActivation : unmanaged, IActivationBlock<TActivation>
{
    public override int MostPackedTiles => 1;

    protected override void MultiplyTile(ref byte unpacked, ref byte tile, nuint blockCount, ref float sums) =>
        WideLoops<WideUnpacked<TPanel, TBlock, TActivation>, TPanel, TBlock, TActivation>.Multiply(
            ref unpacked, ref tile, blockCount, ref sums);

    protected override void MultiplyEight(ref byte panel, ref byte tile, nuint blockCount, ref float sums) =>
        WideLoops<WidePacked<TPanel, TBlock, TActivation>, TPanel, TBlock, TActivation>.Multiply(
            ref panel, ref tile, blockCount, ref sums);
}
