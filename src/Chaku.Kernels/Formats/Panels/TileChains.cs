using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>
/// What the float chains of four tokens × sixteen rows get from an unpacked block: its integer sums, its offsets and
/// its minima.
/// </summary>
internal static class TileChains<TPanel, TBlock, TActivation>
    where TPanel : struct, IPanel<TBlock, TActivation>
    where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
    where TActivation : unmanaged, IActivationBlock<TActivation>
{
    private const nuint Word = sizeof(int);
    private const nuint Vector = 32;
    private const nuint GroupStride = PanelKernel.TileTokens * Word;

    /// <summary>Goes on with the chains by minima × activation sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddMinima(ref byte panels, ref byte tile, ref float chains)
    {
        Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector256<int> b0 = default, b1 = default, b2 = default, b3 = default;
        ref byte pair = ref Unsafe.AddByteOffset(
            ref Pairs(ref tile), (nuint)TPanel.FirstMinimumSum * GroupStride);
        ref byte minimum = ref Unsafe.AddByteOffset(
            ref panels, UnpackedPanels<TPanel, TBlock, TActivation>.MinimaAt);
        for (int i = 0; i < TPanel.MinimumCount; i++)
        {
            AddPair(ref minimum, ref pair, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
            minimum = ref Unsafe.AddByteOffset(ref minimum, 2 * Vector);
            pair = ref Unsafe.AddByteOffset(ref pair, GroupStride);
        }

        nuint scaleAt = UnpackedPanels<TPanel, TBlock, TActivation>.MinimumScaleAt;
        ExtendFour(ref panels, ref tile, a0, a1, a2, a3, b0, b1, b2, b3, ref chains, scaleAt);
    }

    /// <summary>Adds offsets × activation sums to integer sums; a of the first eight rows, b of the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddOffsets(
        ref byte panels,
        ref byte tile,
        ref Vector256<int> a0,
        ref Vector256<int> a1,
        ref Vector256<int> a2,
        ref Vector256<int> a3,
        ref Vector256<int> b0,
        ref Vector256<int> b1,
        ref Vector256<int> b2,
        ref Vector256<int> b3)
    {
        ref byte pair = ref Pairs(ref tile);
        ref byte offset = ref Unsafe.AddByteOffset(
            ref panels, UnpackedPanels<TPanel, TBlock, TActivation>.OffsetsAt);
        for (int i = 0; i < TPanel.OffsetCount; i++)
        {
            AddPair(ref offset, ref pair, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
            offset = ref Unsafe.AddByteOffset(ref offset, 2 * Vector);
            pair = ref Unsafe.AddByteOffset(ref pair, GroupStride);
        }
    }

    /// <summary>Goes on with one token's chains by sums of 16 bits, which are a block's only ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Extend(
        ref byte panels, ref byte tile, nuint token, Vector256<short> a, Vector256<short> b, ref float chains)
    {
        Vector256<int> sumA = Avx2.MultiplyAddAdjacent(a, Vector256<short>.One);
        Vector256<int> sumB = Avx2.MultiplyAddAdjacent(b, Vector256<short>.One);
        if (TPanel.HasOneOffset)
        {
            ref byte words = ref Pairs(ref tile);
            Vector256<int> offset = PanelProducts.Broadcast(ref words, GroupStride + (token * Word)).AsInt32();
            sumA += offset;
            sumB += offset;
        }
        else if (TPanel.OffsetCount > 0)
        {
            nuint at = UnpackedPanels<TPanel, TBlock, TActivation>.OffsetsAt;
            Vector256<short> pair = PanelProducts.Broadcast(ref Pairs(ref tile), token * Word).AsInt16();
            sumA += Avx2.MultiplyAddAdjacent(pair, Vector256.LoadUnsafe(ref panels, at).AsInt16());
            sumB += Avx2.MultiplyAddAdjacent(pair, Vector256.LoadUnsafe(ref panels, at + Vector).AsInt16());
        }

        Extend(ref panels, ref tile, token, sumA, sumB, ref chains, 0);
    }

    /// <summary>
    /// Goes on with one token's chains by sums of 32 bits × the scales that lie at <paramref name="scaleAt"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Extend(
        ref byte panels,
        ref byte tile,
        nuint token,
        Vector256<int> a,
        Vector256<int> b,
        ref float chains,
        nuint scaleAt)
    {
        ref byte x = ref Unsafe.AddByteOffset(ref tile, token * Word);
        nuint at = token * PanelKernel.Rows;
        Vector256<float> chain = Vector256.LoadUnsafe(ref chains, at);
        PanelChains.Extend(chain, Vector256.LoadUnsafe(ref panels, scaleAt).AsSingle(), ref x, a)
            .StoreUnsafe(ref chains, at);
        at += PanelKernel.HalfRows;
        chain = Vector256.LoadUnsafe(ref chains, at);
        PanelChains.Extend(chain, Vector256.LoadUnsafe(ref panels, scaleAt + Vector).AsSingle(), ref x, b)
            .StoreUnsafe(ref chains, at);
    }

    /// <summary>Goes on with all chains by sums of 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ExtendFour(
        ref byte panels,
        ref byte tile,
        Vector256<int> a0,
        Vector256<int> a1,
        Vector256<int> a2,
        Vector256<int> a3,
        Vector256<int> b0,
        Vector256<int> b1,
        Vector256<int> b2,
        Vector256<int> b3,
        ref float chains,
        nuint scaleAt)
    {
        Extend(ref panels, ref tile, 0, a0, b0, ref chains, scaleAt);
        Extend(ref panels, ref tile, 1, a1, b1, ref chains, scaleAt);
        Extend(ref panels, ref tile, 2, a2, b2, ref chains, scaleAt);
        Extend(ref panels, ref tile, 3, a3, b3, ref chains, scaleAt);
    }

    // A pair of activation sums of each token × the factors of both halves.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddPair(
        ref byte factors,
        ref byte pair,
        ref Vector256<int> a0,
        ref Vector256<int> a1,
        ref Vector256<int> a2,
        ref Vector256<int> a3,
        ref Vector256<int> b0,
        ref Vector256<int> b1,
        ref Vector256<int> b2,
        ref Vector256<int> b3)
    {
        Vector256<short> f0 = Vector256.LoadUnsafe(ref factors, 0).AsInt16();
        Vector256<short> f1 = Vector256.LoadUnsafe(ref factors, Vector).AsInt16();
        Vector256<short> x = PanelProducts.Broadcast(ref pair, 0).AsInt16();
        a0 += Avx2.MultiplyAddAdjacent(f0, x);
        b0 += Avx2.MultiplyAddAdjacent(f1, x);
        x = PanelProducts.Broadcast(ref pair, Word).AsInt16();
        a1 += Avx2.MultiplyAddAdjacent(f0, x);
        b1 += Avx2.MultiplyAddAdjacent(f1, x);
        x = PanelProducts.Broadcast(ref pair, 2 * Word).AsInt16();
        a2 += Avx2.MultiplyAddAdjacent(f0, x);
        b2 += Avx2.MultiplyAddAdjacent(f1, x);
        x = PanelProducts.Broadcast(ref pair, 3 * Word).AsInt16();
        a3 += Avx2.MultiplyAddAdjacent(f0, x);
        b3 += Avx2.MultiplyAddAdjacent(f1, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref byte Pairs(ref byte tile) =>
        ref Unsafe.AddByteOffset(ref tile, ActivationTile<TActivation>.SumsAt(PanelKernel.TileTokens));
}
