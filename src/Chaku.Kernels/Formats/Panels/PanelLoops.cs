using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>
/// The loops of every panel format. The integer sums of a block stay in registers, the float chains in memory.
/// </summary>
/// <remarks>
/// Lengths are checked by <see cref="PanelKernel"/>. Compiled fully at once: before tier 1 such loops run 9 to 20 times
/// slower.
/// </remarks>
internal static class PanelLoops<TPanel, TBlock, TActivation, TProducts>
    where TPanel : struct, IPanel<TBlock, TActivation>
    where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
    where TActivation : unmanaged, IActivationBlock<TActivation>
    where TProducts : struct, IPanelProducts
{
    private const int Tokens = PanelKernel.TileTokens;
    private const nuint Word = sizeof(int);
    private const nuint GroupStride = Tokens * Word;
    private const nuint ChainStride = PanelKernel.Rows;

    /// <summary>Sixteen rows × one token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void MultiplyOne(
        ref readonly byte panels, ref readonly byte tiles, nuint blockCount, ref float sums)
    {
        ref byte panel = ref Unsafe.AsRef(in panels);
        ref byte tile = ref Unsafe.AsRef(in tiles);
        Vector256<float> first = Vector256.LoadUnsafe(ref sums);
        Vector256<float> second = Vector256.LoadUnsafe(ref sums, PanelKernel.HalfRows);
        for (nuint block = 0; block < blockCount; block++)
        {
            PanelChains.Prefetch(ref panel, TPanel.ByteLength);
            first = ExtendOne(first, ref panel, ref tile);
            panel = ref Unsafe.AddByteOffset(ref panel, (nuint)TPanel.ByteLength);
            PanelChains.Prefetch(ref panel, TPanel.ByteLength);
            second = ExtendOne(second, ref panel, ref tile);
            panel = ref Unsafe.AddByteOffset(ref panel, (nuint)TPanel.ByteLength);
            tile = ref Unsafe.AddByteOffset(ref tile, ActivationTile<TActivation>.BlockByteLength(1));
        }

        first.StoreUnsafe(ref sums);
        second.StoreUnsafe(ref sums, PanelKernel.HalfRows);
    }

    /// <summary>Sixteen rows × eight tokens; chains are [8 tokens, 16 rows].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void MultiplyEight(
        ref readonly byte panels, ref readonly byte tiles, nuint blockCount, ref float sums)
    {
        ref byte panel = ref Unsafe.AsRef(in panels);
        ref byte tile = ref Unsafe.AsRef(in tiles);
        for (nuint block = 0; block < blockCount; block++)
        {
            ref float chains = ref sums;
            for (int half = 0; half < 2; half++)
            {
                ExtendEight(ref chains, ref panel, ref tile);
                chains = ref Unsafe.Add(ref chains, PanelKernel.HalfRows);
                panel = ref Unsafe.AddByteOffset(ref panel, (nuint)TPanel.ByteLength);
            }

            tile = ref Unsafe.AddByteOffset(ref tile, ActivationTile<TActivation>.BlockByteLength(Tokens));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> ExtendOne(Vector256<float> chain, ref byte panel, ref byte tile)
    {
        ref byte tileSums = ref Unsafe.AddByteOffset(ref tile, ActivationTile<TActivation>.SumsAt(1));
        ref byte codes = ref Unsafe.AddByteOffset(ref tile, ActivationTile<TActivation>.CodesAt(1));
        Vector256<int> sum = TPanel.HasOneOffset
            ? PanelProducts.Broadcast(in tileSums, Word).AsInt32()
            : Vector256<int>.Zero;
        for (nuint i = 0; i < (nuint)TPanel.OffsetCount; i++)
        {
            Vector256<short> offset = TPanel.Offset(ref panel, i);
            sum = PanelProducts.AddPair(sum, offset, in tileSums, i * Word);
        }

        for (nuint step = 0; step < (nuint)TPanel.StepCount; step++)
        {
            ref byte x = ref Unsafe.AddByteOffset(ref codes, step * (nuint)TPanel.GroupsPerStep * Word);
            sum = TProducts.Add<TPanel, TBlock, TActivation>(
                sum, TPanel.Codes(ref panel, step), TPanel.StepScale(ref panel, step), in x, 0, Word);
        }

        chain = PanelChains.Extend(chain, TPanel.Scale(ref panel), ref tile, sum);
        if (TPanel.MinimumCount > 0)
        {
            sum = Vector256<int>.Zero;
            for (nuint i = 0; i < (nuint)TPanel.MinimumCount; i++)
            {
                nuint at = ((nuint)TPanel.FirstMinimumSum + i) * Word;
                Vector256<short> minimum = TPanel.Minimum(ref panel, i);
                sum = PanelProducts.AddPair(sum, minimum, in tileSums, at);
            }

            chain = PanelChains.Extend(chain, TPanel.MinimumScale(ref panel), ref tile, sum);
        }

        return chain;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ExtendEight(ref float sums, ref byte panel, ref byte tile)
    {
        ref byte tileSums = ref Unsafe.AddByteOffset(ref tile, ActivationTile<TActivation>.SumsAt(Tokens));
        ref byte x = ref Unsafe.AddByteOffset(ref tile, ActivationTile<TActivation>.CodesAt(Tokens));
        Vector256<int> s0 = First(ref tileSums, 0), s1 = First(ref tileSums, 1);
        Vector256<int> s2 = First(ref tileSums, 2), s3 = First(ref tileSums, 3);
        Vector256<int> s4 = First(ref tileSums, 4), s5 = First(ref tileSums, 5);
        Vector256<int> s6 = First(ref tileSums, 6), s7 = First(ref tileSums, 7);
        for (nuint i = 0; i < (nuint)TPanel.OffsetCount; i++)
        {
            ref byte pair = ref Unsafe.AddByteOffset(ref tileSums, i * GroupStride);
            Vector256<short> offset = TPanel.Offset(ref panel, i);
            AddPair(offset, ref pair, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
        }

        for (nuint step = 0; step < (nuint)TPanel.StepCount; step++)
        {
            PanelChains.PrefetchPart(ref panel, TPanel.ByteLength, step, TPanel.StepCount);
            PanelCodes codes = TPanel.Codes(ref panel, step);
            Vector256<short> scale = TPanel.StepScale(ref panel, step);
            s0 = TProducts.Add<TPanel, TBlock, TActivation>(s0, codes, scale, in x, 0, GroupStride);
            s1 = TProducts.Add<TPanel, TBlock, TActivation>(s1, codes, scale, in x, Word, GroupStride);
            s2 = TProducts.Add<TPanel, TBlock, TActivation>(s2, codes, scale, in x, 2 * Word, GroupStride);
            s3 = TProducts.Add<TPanel, TBlock, TActivation>(s3, codes, scale, in x, 3 * Word, GroupStride);
            s4 = TProducts.Add<TPanel, TBlock, TActivation>(s4, codes, scale, in x, 4 * Word, GroupStride);
            s5 = TProducts.Add<TPanel, TBlock, TActivation>(s5, codes, scale, in x, 5 * Word, GroupStride);
            s6 = TProducts.Add<TPanel, TBlock, TActivation>(s6, codes, scale, in x, 6 * Word, GroupStride);
            s7 = TProducts.Add<TPanel, TBlock, TActivation>(s7, codes, scale, in x, 7 * Word, GroupStride);
            x = ref Unsafe.AddByteOffset(ref x, (nuint)TPanel.GroupsPerStep * GroupStride);
        }

        ExtendEight(ref sums, TPanel.Scale(ref panel), ref tile, s0, s1, s2, s3, s4, s5, s6, s7);
        if (TPanel.MinimumCount > 0)
        {
            AddMinima(ref sums, ref panel, ref tile);
        }
    }

    // What a token's sum begins with.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> First(ref byte tileSums, nuint token) => TPanel.HasOneOffset
        ? PanelProducts.Broadcast(in tileSums, GroupStride + (token * Word)).AsInt32()
        : Vector256<int>.Zero;

    // A pair of activation sums of each token × the factors of the rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddPair(
        Vector256<short> factors,
        ref byte pair,
        ref Vector256<int> s0,
        ref Vector256<int> s1,
        ref Vector256<int> s2,
        ref Vector256<int> s3,
        ref Vector256<int> s4,
        ref Vector256<int> s5,
        ref Vector256<int> s6,
        ref Vector256<int> s7)
    {
        s0 = PanelProducts.AddPair(s0, factors, in pair, 0);
        s1 = PanelProducts.AddPair(s1, factors, in pair, Word);
        s2 = PanelProducts.AddPair(s2, factors, in pair, 2 * Word);
        s3 = PanelProducts.AddPair(s3, factors, in pair, 3 * Word);
        s4 = PanelProducts.AddPair(s4, factors, in pair, 4 * Word);
        s5 = PanelProducts.AddPair(s5, factors, in pair, 5 * Word);
        s6 = PanelProducts.AddPair(s6, factors, in pair, 6 * Word);
        s7 = PanelProducts.AddPair(s7, factors, in pair, 7 * Word);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddMinima(ref float sums, ref byte panel, ref byte tile)
    {
        Vector256<int> s0 = default, s1 = default, s2 = default, s3 = default;
        Vector256<int> s4 = default, s5 = default, s6 = default, s7 = default;
        nuint at = ActivationTile<TActivation>.SumsAt(Tokens) + ((nuint)TPanel.FirstMinimumSum * GroupStride);
        ref byte pair = ref Unsafe.AddByteOffset(ref tile, at);
        for (nuint i = 0; i < (nuint)TPanel.MinimumCount; i++)
        {
            Vector256<short> minimum = TPanel.Minimum(ref panel, i);
            AddPair(minimum, ref pair, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
            pair = ref Unsafe.AddByteOffset(ref pair, GroupStride);
        }

        ExtendEight(ref sums, TPanel.MinimumScale(ref panel), ref tile, s0, s1, s2, s3, s4, s5, s6, s7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ExtendEight(
        ref float sums,
        Vector256<float> scale,
        ref byte tile,
        Vector256<int> s0,
        Vector256<int> s1,
        Vector256<int> s2,
        Vector256<int> s3,
        Vector256<int> s4,
        Vector256<int> s5,
        Vector256<int> s6,
        Vector256<int> s7)
    {
        ExtendAt(ref sums, 0, scale, ref tile, s0);
        ExtendAt(ref sums, 1, scale, ref tile, s1);
        ExtendAt(ref sums, 2, scale, ref tile, s2);
        ExtendAt(ref sums, 3, scale, ref tile, s3);
        ExtendAt(ref sums, 4, scale, ref tile, s4);
        ExtendAt(ref sums, 5, scale, ref tile, s5);
        ExtendAt(ref sums, 6, scale, ref tile, s6);
        ExtendAt(ref sums, 7, scale, ref tile, s7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ExtendAt(
        ref float sums, nuint token, Vector256<float> scale, ref byte tile, Vector256<int> sum)
    {
        Vector256<float> chain = Vector256.LoadUnsafe(ref sums, token * ChainStride);
        chain = PanelChains.Extend(chain, scale, ref Unsafe.AddByteOffset(ref tile, token * Word), sum);
        chain.StoreUnsafe(ref sums, token * ChainStride);
    }
}
