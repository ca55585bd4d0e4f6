using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>
/// A panel as it is × a tile of eight tokens, for formats whose block is one sum of 16 bits without offsets of its
/// rows: codes are taken apart twice,
/// for four tokens each, and need no memory in between.
/// </summary>
/// <remarks>Lengths are checked by <see cref="PanelKernel"/>. Compiled fully at once.</remarks>
internal static class SingleSumLoops<TPanel, TBlock, TActivation>
    where TPanel : struct, IPanel<TBlock, TActivation>
    where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
    where TActivation : unmanaged, IActivationBlock<TActivation>
{
    private const nuint Word = sizeof(int);
    private const nuint GroupStride = PanelKernel.TileTokens * Word;
    private const int Half = PanelKernel.TileTokens / 2;

    /// <summary>Goes on with the chains [8 tokens, 16 rows].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void MultiplyEight(
        ref readonly byte panels, ref readonly byte tiles, nuint blockCount, ref float sums)
    {
        ref byte panel = ref Unsafe.AsRef(in panels);
        ref byte tile = ref Unsafe.AsRef(in tiles);
        for (nuint block = 0; block < blockCount; block++)
        {
            ref byte other = ref Unsafe.AddByteOffset(ref panel, (nuint)TPanel.ByteLength);
            PanelChains.Prefetch(ref panel, TPanel.ByteLength);
            PanelChains.Prefetch(ref other, TPanel.ByteLength);
            Vector256<float> scale0 = TPanel.Scale(ref panel), scale1 = TPanel.Scale(ref other);
            ref byte half = ref tile;
            ref float chains = ref sums;
            for (int i = 0; i < 2; i++)
            {
                AddFour(ref panel, ref other, scale0, scale1, ref half, ref chains);
                half = ref Unsafe.AddByteOffset(ref half, Half * Word);
                chains = ref Unsafe.Add(ref chains, Half * PanelKernel.Rows);
            }

            panel = ref Unsafe.AddByteOffset(ref other, (nuint)TPanel.ByteLength);
            tile = ref Unsafe.AddByteOffset(
                ref tile, ActivationTile<TActivation>.BlockByteLength(PanelKernel.TileTokens));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddFour(
        ref byte panel,
        ref byte other,
        Vector256<float> scale0,
        Vector256<float> scale1,
        ref byte tile,
        ref float chains)
    {
        ref byte x = ref Unsafe.AddByteOffset(
            ref tile, ActivationTile<TActivation>.CodesAt(PanelKernel.TileTokens));
        GroupProducts.Begin(
            Group(ref panel, 0),
            Group(ref other, 0),
            ref x,
            out Vector256<short> a0,
            out Vector256<short> a1,
            out Vector256<short> a2,
            out Vector256<short> a3,
            out Vector256<short> b0,
            out Vector256<short> b1,
            out Vector256<short> b2,
            out Vector256<short> b3);
        AddGroup(ref panel, ref other, ref x, 1, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
        AddGroup(ref panel, ref other, ref x, 2, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
        AddGroup(ref panel, ref other, ref x, 3, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
        AddGroup(ref panel, ref other, ref x, 4, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
        AddGroup(ref panel, ref other, ref x, 5, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
        AddGroup(ref panel, ref other, ref x, 6, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
        AddGroup(ref panel, ref other, ref x, 7, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
        Extend(scale0, scale1, ref tile, 0, a0, b0, ref chains);
        Extend(scale0, scale1, ref tile, 1, a1, b1, ref chains);
        Extend(scale0, scale1, ref tile, 2, a2, b2, ref chains);
        Extend(scale0, scale1, ref tile, 3, a3, b3, ref chains);
        if (TPanel.MinimumCount > 0)
        {
            ExtendMinimum(ref panel, ref tile, ref chains);
            ExtendMinimum(ref other, ref tile, ref Unsafe.Add(ref chains, PanelKernel.HalfRows));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddGroup(
        ref byte panel,
        ref byte other,
        ref byte x,
        nuint group,
        ref Vector256<short> a0,
        ref Vector256<short> a1,
        ref Vector256<short> a2,
        ref Vector256<short> a3,
        ref Vector256<short> b0,
        ref Vector256<short> b1,
        ref Vector256<short> b2,
        ref Vector256<short> b3)
    {
        Vector256<byte> w0 = Group(ref panel, group), w1 = Group(ref other, group);
        GroupProducts.Add(
            w0, w1, ref x, group * GroupStride, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Group(ref byte panel, nuint group)
    {
        PanelCodes codes = TPanel.Codes(ref panel, group / 4);
        return (group % 4) switch
        {
            0 => codes.First,
            1 => codes.Second,
            2 => codes.Third,
            _ => codes.Fourth,
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Extend(
        Vector256<float> scale0,
        Vector256<float> scale1,
        ref byte tile,
        nuint token,
        Vector256<short> a,
        Vector256<short> b,
        ref float chains)
    {
        Vector256<int> sum0 = Avx2.MultiplyAddAdjacent(a, Vector256<short>.One);
        Vector256<int> sum1 = Avx2.MultiplyAddAdjacent(b, Vector256<short>.One);
        if (TPanel.HasOneOffset)
        {
            Vector256<int> offset = Pair(ref tile, GroupStride + (token * Word)).AsInt32();
            sum0 += offset;
            sum1 += offset;
        }

        Extend(scale0, ref tile, token, sum0, ref chains);
        Extend(scale1, ref tile, token, sum1, ref Unsafe.Add(ref chains, PanelKernel.HalfRows));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ExtendMinimum(ref byte panel, ref byte tile, ref float chains)
    {
        Vector256<float> scale = TPanel.MinimumScale(ref panel);
        Vector256<short> minimum = TPanel.Minimum(ref panel, 0);
        Extend(scale, ref tile, 0, Avx2.MultiplyAddAdjacent(Pair(ref tile, 0), minimum), ref chains);
        Extend(scale, ref tile, 1, Avx2.MultiplyAddAdjacent(Pair(ref tile, Word), minimum), ref chains);
        Extend(scale, ref tile, 2, Avx2.MultiplyAddAdjacent(Pair(ref tile, 2 * Word), minimum), ref chains);
        Extend(scale, ref tile, 3, Avx2.MultiplyAddAdjacent(Pair(ref tile, 3 * Word), minimum), ref chains);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Extend(
        Vector256<float> scale, ref byte tile, nuint token, Vector256<int> sum, ref float chains)
    {
        Vector256<float> chain = Vector256.LoadUnsafe(ref chains, token * PanelKernel.Rows);
        ref byte x = ref Unsafe.AddByteOffset(ref tile, token * Word);
        PanelChains.Extend(chain, scale, ref x, sum)
            .StoreUnsafe(ref chains, token * PanelKernel.Rows);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pair(ref byte tile, nuint offset) => PanelProducts.Broadcast(
        ref tile, ActivationTile<TActivation>.SumsAt(PanelKernel.TileTokens) + offset).AsInt16();
}
