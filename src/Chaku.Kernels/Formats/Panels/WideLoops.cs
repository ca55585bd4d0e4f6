using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>
/// A panel × a tile of eight tokens by vectors of 512 bits, for every panel format: of the 32 registers, sums in 16
/// bits, sums in 32 bits and float chains of all eight tokens take eight each.
/// </summary>
/// <remarks>Lengths are checked by <see cref="PanelKernel"/>. Compiled fully at once.</remarks>
/// <typeparam name="TWide">Where codes come from.</typeparam>
/// <typeparam name="TPanel">The format's.</typeparam>
/// <typeparam name="TBlock">The block of one row.</typeparam>
/// <typeparam name="TActivation">The activation block of the same length.</typeparam>
internal static class WideLoops<TWide, TPanel, TBlock, TActivation>
    where TWide : struct, IWidePanel
    where TPanel : struct, IPanel<TBlock, TActivation>
    where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
    where TActivation : unmanaged, IActivationBlock<TActivation>
{
    private const int Tokens = PanelKernel.TileTokens;
    private const nuint Word = sizeof(int);
    private const nuint GroupStride = Tokens * Word;
    private const nuint ChainStride = PanelKernel.Rows;

    /// <summary>Goes on with the chains [8 tokens, 16 rows].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Multiply(ref readonly byte panels, ref readonly byte tiles, nuint blockCount, ref float sums)
    {
        ref byte block = ref Unsafe.AsRef(in panels);
        ref byte tile = ref Unsafe.AsRef(in tiles);
        Vector512<float> c0 = Vector512.LoadUnsafe(ref sums);
        Vector512<float> c1 = Vector512.LoadUnsafe(ref sums, ChainStride);
        Vector512<float> c2 = Vector512.LoadUnsafe(ref sums, 2 * ChainStride);
        Vector512<float> c3 = Vector512.LoadUnsafe(ref sums, 3 * ChainStride);
        Vector512<float> c4 = Vector512.LoadUnsafe(ref sums, 4 * ChainStride);
        Vector512<float> c5 = Vector512.LoadUnsafe(ref sums, 5 * ChainStride);
        Vector512<float> c6 = Vector512.LoadUnsafe(ref sums, 6 * ChainStride);
        Vector512<float> c7 = Vector512.LoadUnsafe(ref sums, 7 * ChainStride);
        for (nuint i = 0; i < blockCount; i++)
        {
            ref byte tileSums = ref Unsafe.AddByteOffset(ref tile, ActivationTile<TActivation>.SumsAt(Tokens));
            Vector512<int> first = TPanel.HasSignedCodes ? TWide.Negatives(ref block) : Vector512<int>.Zero;
            Vector512<int> s0 = First(first, ref tileSums, 0), s1 = First(first, ref tileSums, 1);
            Vector512<int> s2 = First(first, ref tileSums, 2), s3 = First(first, ref tileSums, 3);
            Vector512<int> s4 = First(first, ref tileSums, 4), s5 = First(first, ref tileSums, 5);
            Vector512<int> s6 = First(first, ref tileSums, 6), s7 = First(first, ref tileSums, 7);
            for (nuint pair = 0; pair < (nuint)TPanel.OffsetCount; pair++)
            {
                ref byte x = ref Unsafe.AddByteOffset(ref tileSums, pair * GroupStride);
                Vector512<short> offset = TWide.Offset(ref block, pair);
                AddPair(offset, ref x, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
            }

            ref byte codes = ref Unsafe.AddByteOffset(ref tile, ActivationTile<TActivation>.CodesAt(Tokens));
            if (TPanel.HasSignedCodes)
            {
                AddSigned(ref block, ref codes, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
            }
            else
            {
                AddSteps(ref block, ref codes, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
            }

            Vector512<float> scale = TWide.Scale(ref block);
            c0 = Extend(c0, scale, ref tile, 0, s0);
            c1 = Extend(c1, scale, ref tile, Word, s1);
            c2 = Extend(c2, scale, ref tile, 2 * Word, s2);
            c3 = Extend(c3, scale, ref tile, 3 * Word, s3);
            c4 = Extend(c4, scale, ref tile, 4 * Word, s4);
            c5 = Extend(c5, scale, ref tile, 5 * Word, s5);
            c6 = Extend(c6, scale, ref tile, 6 * Word, s6);
            c7 = Extend(c7, scale, ref tile, 7 * Word, s7);
            if (TPanel.MinimumCount > 0)
            {
                s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = Vector512<int>.Zero;
                ref byte x = ref Unsafe.AddByteOffset(ref tileSums, (nuint)TPanel.FirstMinimumSum * GroupStride);
                for (nuint pair = 0; pair < (nuint)TPanel.MinimumCount; pair++)
                {
                    Vector512<short> minimum = TWide.Minimum(ref block, pair);
                    AddPair(minimum, ref x, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
                    x = ref Unsafe.AddByteOffset(ref x, GroupStride);
                }

                scale = TWide.MinimumScale(ref block);
                c0 = Extend(c0, scale, ref tile, 0, s0);
                c1 = Extend(c1, scale, ref tile, Word, s1);
                c2 = Extend(c2, scale, ref tile, 2 * Word, s2);
                c3 = Extend(c3, scale, ref tile, 3 * Word, s3);
                c4 = Extend(c4, scale, ref tile, 4 * Word, s4);
                c5 = Extend(c5, scale, ref tile, 5 * Word, s5);
                c6 = Extend(c6, scale, ref tile, 6 * Word, s6);
                c7 = Extend(c7, scale, ref tile, 7 * Word, s7);
            }

            block = ref Unsafe.AddByteOffset(ref block, TWide.ByteLength);
            tile = ref Unsafe.AddByteOffset(ref tile, ActivationTile<TActivation>.BlockByteLength(Tokens));
        }

        c0.StoreUnsafe(ref sums);
        c1.StoreUnsafe(ref sums, ChainStride);
        c2.StoreUnsafe(ref sums, 2 * ChainStride);
        c3.StoreUnsafe(ref sums, 3 * ChainStride);
        c4.StoreUnsafe(ref sums, 4 * ChainStride);
        c5.StoreUnsafe(ref sums, 5 * ChainStride);
        c6.StoreUnsafe(ref sums, 6 * ChainStride);
        c7.StoreUnsafe(ref sums, 7 * ChainStride);
    }

    // What a token's sum begins with.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> First(Vector512<int> first, ref byte tileSums, nuint token) => TPanel.HasOneOffset
        ? Broadcast(ref tileSums, GroupStride + (token * Word)).AsInt32()
        : first;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddSteps(
        ref byte block,
        ref byte x,
        ref Vector512<int> s0,
        ref Vector512<int> s1,
        ref Vector512<int> s2,
        ref Vector512<int> s3,
        ref Vector512<int> s4,
        ref Vector512<int> s5,
        ref Vector512<int> s6,
        ref Vector512<int> s7)
    {
        for (nuint step = 0; step < (nuint)TPanel.StepCount; step++)
        {
            TWide.Prefetch(ref block, step, TPanel.GroupsPerSum == 8 ? 2u : 1u);
            WideCodes codes = TWide.Codes(ref block, step);
            Vector512<short> scale = TWide.StepScale(ref block, step);
            Vector512<short> p0 = Two(codes.First, codes.Second, ref x, 0);
            Vector512<short> p1 = Two(codes.First, codes.Second, ref x, Word);
            Vector512<short> p2 = Two(codes.First, codes.Second, ref x, 2 * Word);
            Vector512<short> p3 = Two(codes.First, codes.Second, ref x, 3 * Word);
            Vector512<short> p4 = Two(codes.First, codes.Second, ref x, 4 * Word);
            Vector512<short> p5 = Two(codes.First, codes.Second, ref x, 5 * Word);
            Vector512<short> p6 = Two(codes.First, codes.Second, ref x, 6 * Word);
            Vector512<short> p7 = Two(codes.First, codes.Second, ref x, 7 * Word);
            x = ref Unsafe.AddByteOffset(ref x, 2 * GroupStride);
            if (TPanel.GroupsPerSum == 2)
            {
                s0 += Avx512BW.MultiplyAddAdjacent(p0, scale);
                s1 += Avx512BW.MultiplyAddAdjacent(p1, scale);
                s2 += Avx512BW.MultiplyAddAdjacent(p2, scale);
                s3 += Avx512BW.MultiplyAddAdjacent(p3, scale);
                s4 += Avx512BW.MultiplyAddAdjacent(p4, scale);
                s5 += Avx512BW.MultiplyAddAdjacent(p5, scale);
                s6 += Avx512BW.MultiplyAddAdjacent(p6, scale);
                s7 += Avx512BW.MultiplyAddAdjacent(p7, scale);
                p0 = p1 = p2 = p3 = p4 = p5 = p6 = p7 = Vector512<short>.Zero;
            }

            p0 += Two(codes.Third, codes.Fourth, ref x, 0);
            p1 += Two(codes.Third, codes.Fourth, ref x, Word);
            p2 += Two(codes.Third, codes.Fourth, ref x, 2 * Word);
            p3 += Two(codes.Third, codes.Fourth, ref x, 3 * Word);
            p4 += Two(codes.Third, codes.Fourth, ref x, 4 * Word);
            p5 += Two(codes.Third, codes.Fourth, ref x, 5 * Word);
            p6 += Two(codes.Third, codes.Fourth, ref x, 6 * Word);
            p7 += Two(codes.Third, codes.Fourth, ref x, 7 * Word);
            x = ref Unsafe.AddByteOffset(ref x, 2 * GroupStride);
            if (TPanel.GroupsPerSum == 8)
            {
                step++;
                codes = TWide.Codes(ref block, step);
                p0 += Four(codes, ref x, 0);
                p1 += Four(codes, ref x, Word);
                p2 += Four(codes, ref x, 2 * Word);
                p3 += Four(codes, ref x, 3 * Word);
                p4 += Four(codes, ref x, 4 * Word);
                p5 += Four(codes, ref x, 5 * Word);
                p6 += Four(codes, ref x, 6 * Word);
                p7 += Four(codes, ref x, 7 * Word);
                x = ref Unsafe.AddByteOffset(ref x, 4 * GroupStride);
            }

            s0 += Avx512BW.MultiplyAddAdjacent(p0, scale);
            s1 += Avx512BW.MultiplyAddAdjacent(p1, scale);
            s2 += Avx512BW.MultiplyAddAdjacent(p2, scale);
            s3 += Avx512BW.MultiplyAddAdjacent(p3, scale);
            s4 += Avx512BW.MultiplyAddAdjacent(p4, scale);
            s5 += Avx512BW.MultiplyAddAdjacent(p5, scale);
            s6 += Avx512BW.MultiplyAddAdjacent(p6, scale);
            s7 += Avx512BW.MultiplyAddAdjacent(p7, scale);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddSigned(
        ref byte block,
        ref byte x,
        ref Vector512<int> s0,
        ref Vector512<int> s1,
        ref Vector512<int> s2,
        ref Vector512<int> s3,
        ref Vector512<int> s4,
        ref Vector512<int> s5,
        ref Vector512<int> s6,
        ref Vector512<int> s7)
    {
        for (nuint step = 0; step < (nuint)TPanel.StepCount; step++)
        {
            TWide.Prefetch(ref block, step, 1);
            WideCodes codes = TWide.Codes(ref block, step);
            s0 += Signed(codes, ref x, 0);
            s1 += Signed(codes, ref x, Word);
            s2 += Signed(codes, ref x, 2 * Word);
            s3 += Signed(codes, ref x, 3 * Word);
            s4 += Signed(codes, ref x, 4 * Word);
            s5 += Signed(codes, ref x, 5 * Word);
            s6 += Signed(codes, ref x, 6 * Word);
            s7 += Signed(codes, ref x, 7 * Word);
            x = ref Unsafe.AddByteOffset(ref x, 2 * GroupStride);
        }
    }

    // As SignedCodes has it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Signed(WideCodes codes, ref byte x, nuint at) =>
        Avx512BW.MultiplyAddAdjacent(
            Avx512BW.MultiplyAddAdjacent(codes.Second, Broadcast(ref x, at) ^ codes.First.AsSByte()),
            Vector512<short>.One)
        + Avx512BW.MultiplyAddAdjacent(
            Avx512BW.MultiplyAddAdjacent(codes.Fourth, Broadcast(ref x, at + GroupStride) ^ codes.Third.AsSByte()),
            Vector512<short>.One);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Four(WideCodes codes, ref byte x, nuint at) =>
        Two(codes.First, codes.Second, ref x, at) + Two(codes.Third, codes.Fourth, ref x, at + (2 * GroupStride));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Two(Vector512<byte> first, Vector512<byte> second, ref byte x, nuint at) =>
        Avx512BW.MultiplyAddAdjacent(first, Broadcast(ref x, at))
        + Avx512BW.MultiplyAddAdjacent(second, Broadcast(ref x, at + GroupStride));

    // A pair of activation sums of each token × the factors of the rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddPair(
        Vector512<short> factors,
        ref byte pair,
        ref Vector512<int> s0,
        ref Vector512<int> s1,
        ref Vector512<int> s2,
        ref Vector512<int> s3,
        ref Vector512<int> s4,
        ref Vector512<int> s5,
        ref Vector512<int> s6,
        ref Vector512<int> s7)
    {
        s0 += Avx512BW.MultiplyAddAdjacent(factors, Broadcast(ref pair, 0).AsInt16());
        s1 += Avx512BW.MultiplyAddAdjacent(factors, Broadcast(ref pair, Word).AsInt16());
        s2 += Avx512BW.MultiplyAddAdjacent(factors, Broadcast(ref pair, 2 * Word).AsInt16());
        s3 += Avx512BW.MultiplyAddAdjacent(factors, Broadcast(ref pair, 3 * Word).AsInt16());
        s4 += Avx512BW.MultiplyAddAdjacent(factors, Broadcast(ref pair, 4 * Word).AsInt16());
        s5 += Avx512BW.MultiplyAddAdjacent(factors, Broadcast(ref pair, 5 * Word).AsInt16());
        s6 += Avx512BW.MultiplyAddAdjacent(factors, Broadcast(ref pair, 6 * Word).AsInt16());
        s7 += Avx512BW.MultiplyAddAdjacent(factors, Broadcast(ref pair, 7 * Word).AsInt16());
    }

    // One link of sixteen chains, as PanelChains has it for eight.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Extend(
        Vector512<float> chain, Vector512<float> scale, ref byte tile, nuint at, Vector512<int> sum)
    {
        Vector512<float> product = scale * Broadcast(ref tile, at).AsSingle();
        return Vector512.FusedMultiplyAdd(product, Vector512.ConvertToSingle(sum), chain);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<sbyte> Broadcast(ref byte x, nuint offset) =>
        Vector512.Create(Unsafe.ReadUnaligned<int>(ref Unsafe.AddByteOffset(ref x, offset))).AsSByte();
}
