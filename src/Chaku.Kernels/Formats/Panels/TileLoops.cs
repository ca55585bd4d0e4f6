using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>An unpacked panel × a tile of eight tokens, for every panel format.</summary>
/// <remarks>
/// Four tokens at a time: their sums of sixteen rows are eight registers, and each code and each activation that is
/// loaded is multiplied four times, or twice. Lengths are checked by <see cref="PanelKernel"/>. Compiled fully at once.
/// </remarks>
internal static class TileLoops<TPanel, TBlock, TActivation>
    where TPanel : struct, IPanel<TBlock, TActivation>
    where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
    where TActivation : unmanaged, IActivationBlock<TActivation>
{
    private const nuint Word = sizeof(int);
    private const nuint Vector = 32;
    private const nuint GroupStride = PanelKernel.TileTokens * Word;
    private const int Half = PanelKernel.TileTokens / 2;

    /// <summary>Goes on with the chains [8 tokens, 16 rows].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    public static void Multiply(
        ref readonly byte unpacked, ref readonly byte tiles, nuint blockCount, ref float sums)
    {
        ref byte panels = ref Unsafe.AsRef(in unpacked);
        ref byte tile = ref Unsafe.AsRef(in tiles);
        IntegerSums integers;
        Unsafe.SkipInit(out integers);
        ref byte held = ref Unsafe.As<IntegerSums, byte>(ref integers);
        for (nuint block = 0; block < blockCount; block++)
        {
            ref byte half = ref tile;
            ref float chains = ref sums;
            for (int i = 0; i < 2; i++)
            {
                AddCodes(ref panels, ref half, ref held, ref chains);
                if (TPanel.MinimumCount > 0)
                {
                    TileChains<TPanel, TBlock, TActivation>.AddMinima(ref panels, ref half, ref chains);
                }

                half = ref Unsafe.AddByteOffset(ref half, Half * Word);
                chains = ref Unsafe.Add(ref chains, Half * PanelKernel.Rows);
            }

            panels = ref Unsafe.AddByteOffset(ref panels, UnpackedPanels<TPanel, TBlock, TActivation>.BlockByteLength);
            tile = ref Unsafe.AddByteOffset(
                ref tile, ActivationTile<TActivation>.BlockByteLength(PanelKernel.TileTokens));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddCodes(ref byte panels, ref byte tile, ref byte held, ref float chains)
    {
        ref byte sum = ref Unsafe.AddByteOffset(ref panels, UnpackedPanels<TPanel, TBlock, TActivation>.SumsAt);
        ref byte x = ref Unsafe.AddByteOffset(
            ref tile, ActivationTile<TActivation>.CodesAt(PanelKernel.TileTokens));
        if (TPanel.HasSignedCodes)
        {
            AddSigned(ref panels, ref sum, ref x, ref tile, ref chains);
            return;
        }

        if (TPanel.GroupsPerSum == 2)
        {
            AddTwoGroups(ref panels, ref sum, ref x, ref tile, ref chains);
            return;
        }

        bool isHeld = UnpackedPanels<TPanel, TBlock, TActivation>.SumCount > 1;
        if (isHeld && TPanel.OffsetCount > 0)
        {
            HoldOffsets(ref panels, ref tile, ref held);
        }

        for (nuint i = 0; i < (nuint)UnpackedPanels<TPanel, TBlock, TActivation>.SumCount; i++)
        {
            ref byte codes = ref Unsafe.AddByteOffset(
                ref sum, UnpackedPanels<TPanel, TBlock, TActivation>.GroupsAt);
            GroupProducts.Begin(
                Vector256.LoadUnsafe(ref codes, 0),
                Vector256.LoadUnsafe(ref codes, Vector),
                ref x,
                out Vector256<short> a0,
                out Vector256<short> a1,
                out Vector256<short> a2,
                out Vector256<short> a3,
                out Vector256<short> b0,
                out Vector256<short> b1,
                out Vector256<short> b2,
                out Vector256<short> b3);
            AddGroup(ref codes, ref x, 1, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
            AddGroup(ref codes, ref x, 2, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
            AddGroup(ref codes, ref x, 3, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
            if (TPanel.GroupsPerSum > 4)
            {
                AddGroup(ref codes, ref x, 4, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
                AddGroup(ref codes, ref x, 5, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
                AddGroup(ref codes, ref x, 6, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
                AddGroup(ref codes, ref x, 7, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
            }

            if (isHeld)
            {
                Vector256<short> scale = StepScale(ref sum, 0);
                bool adds = i > 0 || TPanel.OffsetCount > 0;
                Hold(ref held, 0, Avx2.MultiplyAddAdjacent(a0, scale), adds);
                Hold(ref held, 2, Avx2.MultiplyAddAdjacent(a1, scale), adds);
                Hold(ref held, 4, Avx2.MultiplyAddAdjacent(a2, scale), adds);
                Hold(ref held, 6, Avx2.MultiplyAddAdjacent(a3, scale), adds);
                scale = StepScale(ref sum, Vector);
                Hold(ref held, 1, Avx2.MultiplyAddAdjacent(b0, scale), adds);
                Hold(ref held, 3, Avx2.MultiplyAddAdjacent(b1, scale), adds);
                Hold(ref held, 5, Avx2.MultiplyAddAdjacent(b2, scale), adds);
                Hold(ref held, 7, Avx2.MultiplyAddAdjacent(b3, scale), adds);
                sum = ref Unsafe.AddByteOffset(ref sum, UnpackedPanels<TPanel, TBlock, TActivation>.SumByteLength);
                x = ref Unsafe.AddByteOffset(ref x, (nuint)TPanel.GroupsPerSum * GroupStride);
            }
            else
            {
                TileChains<TPanel, TBlock, TActivation>.Extend(ref panels, ref tile, 0, a0, b0, ref chains);
                TileChains<TPanel, TBlock, TActivation>.Extend(ref panels, ref tile, 1, a1, b1, ref chains);
                TileChains<TPanel, TBlock, TActivation>.Extend(ref panels, ref tile, 2, a2, b2, ref chains);
                TileChains<TPanel, TBlock, TActivation>.Extend(ref panels, ref tile, 3, a3, b3, ref chains);
            }
        }

        if (isHeld)
        {
            ExtendHeld(ref panels, ref tile, 0, ref held, ref chains);
            ExtendHeld(ref panels, ref tile, 1, ref held, ref chains);
            ExtendHeld(ref panels, ref tile, 2, ref held, ref chains);
            ExtendHeld(ref panels, ref tile, 3, ref held, ref chains);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddGroup(
        ref byte codes,
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
        nuint at = group * UnpackedPanels<TPanel, TBlock, TActivation>.PairByteLength;
        Vector256<byte> w0 = Vector256.LoadUnsafe(ref codes, at), w1 = Vector256.LoadUnsafe(ref codes, at + Vector);
        GroupProducts.Add(
            w0, w1, ref x, group * GroupStride, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddSigned(ref byte panels, ref byte sum, ref byte x, ref byte tile, ref float chains)
    {
        ref byte negatives = ref Unsafe.AddByteOffset(
            ref panels, UnpackedPanels<TPanel, TBlock, TActivation>.NegativesAt);
        Vector256<int> a0 = Vector256.LoadUnsafe(ref negatives, 0).AsInt32(), a1 = a0, a2 = a0, a3 = a0;
        Vector256<int> b0 = Vector256.LoadUnsafe(ref negatives, Vector).AsInt32(), b1 = b0, b2 = b0, b3 = b0;
        for (nuint i = 0; i < (nuint)UnpackedPanels<TPanel, TBlock, TActivation>.SumCount; i++)
        {
            Vector256<sbyte> s0 = Vector256.LoadUnsafe(ref sum, 0).AsSByte();
            Vector256<sbyte> s1 = Vector256.LoadUnsafe(ref sum, Vector).AsSByte();
            Vector256<byte> m0 = Vector256.LoadUnsafe(ref sum, 2 * Vector);
            Vector256<byte> m1 = Vector256.LoadUnsafe(ref sum, 3 * Vector);
            Vector256<sbyte> x0 = PanelProducts.Broadcast(ref x, 0);
            a0 += Product(m0, s0, x0);
            b0 += Product(m1, s1, x0);
            x0 = PanelProducts.Broadcast(ref x, Word);
            a1 += Product(m0, s0, x0);
            b1 += Product(m1, s1, x0);
            x0 = PanelProducts.Broadcast(ref x, 2 * Word);
            a2 += Product(m0, s0, x0);
            b2 += Product(m1, s1, x0);
            x0 = PanelProducts.Broadcast(ref x, 3 * Word);
            a3 += Product(m0, s0, x0);
            b3 += Product(m1, s1, x0);
            sum = ref Unsafe.AddByteOffset(ref sum, UnpackedPanels<TPanel, TBlock, TActivation>.SumByteLength);
            x = ref Unsafe.AddByteOffset(ref x, GroupStride);
        }

        TileChains<TPanel, TBlock, TActivation>.ExtendFour(
            ref panels, ref tile, a0, a1, a2, a3, b0, b1, b2, b3, ref chains, scaleAt: 0);
    }

    // Sums of two groups are multiplied with their scale at once, so that 32-bit sums can stay in registers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTwoGroups(ref byte panels, ref byte sum, ref byte x, ref byte tile, ref float chains)
    {
        Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector256<int> b0 = default, b1 = default, b2 = default, b3 = default;
        TileChains<TPanel, TBlock, TActivation>.AddOffsets(
            ref panels, ref tile, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);

        // Each token reads the scales through a reference of its own: one for all would hold them in registers, of
        // which there are none left.
        ref byte sum1 = ref sum, sum2 = ref sum, sum3 = ref sum;
        nuint length = UnpackedPanels<TPanel, TBlock, TActivation>.SumByteLength;
        for (nuint i = 0; i < (nuint)UnpackedPanels<TPanel, TBlock, TActivation>.SumCount; i++)
        {
            ref byte codes = ref Unsafe.AddByteOffset(
                ref sum, UnpackedPanels<TPanel, TBlock, TActivation>.GroupsAt);
            Vector256<byte> w0 = Vector256.LoadUnsafe(ref codes, 0), w1 = Vector256.LoadUnsafe(ref codes, Vector);
            Vector256<byte> u0 = Vector256.LoadUnsafe(ref codes, 2 * Vector);
            Vector256<byte> u1 = Vector256.LoadUnsafe(ref codes, 3 * Vector);
            AddTwoGroups(ref sum, w0, w1, u0, u1, ref x, 0, ref a0, ref b0);
            AddTwoGroups(ref sum1, w0, w1, u0, u1, ref x, Word, ref a1, ref b1);
            AddTwoGroups(ref sum2, w0, w1, u0, u1, ref x, 2 * Word, ref a2, ref b2);
            AddTwoGroups(ref sum3, w0, w1, u0, u1, ref x, 3 * Word, ref a3, ref b3);
            sum = ref Unsafe.AddByteOffset(ref sum, length);
            sum1 = ref Unsafe.AddByteOffset(ref sum1, length);
            sum2 = ref Unsafe.AddByteOffset(ref sum2, length);
            sum3 = ref Unsafe.AddByteOffset(ref sum3, length);
            x = ref Unsafe.AddByteOffset(ref x, 2 * GroupStride);
        }

        TileChains<TPanel, TBlock, TActivation>.ExtendFour(
            ref panels, ref tile, a0, a1, a2, a3, b0, b1, b2, b3, ref chains, scaleAt: 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTwoGroups(
        ref byte sum,
        Vector256<byte> w0,
        Vector256<byte> w1,
        Vector256<byte> u0,
        Vector256<byte> u1,
        ref byte x,
        nuint token,
        ref Vector256<int> a,
        ref Vector256<int> b)
    {
        Vector256<sbyte> x0 = PanelProducts.Broadcast(ref x, token);
        Vector256<short> productsA = Avx2.MultiplyAddAdjacent(w0, x0), productsB = Avx2.MultiplyAddAdjacent(w1, x0);
        x0 = PanelProducts.Broadcast(ref x, token + GroupStride);
        productsA += Avx2.MultiplyAddAdjacent(u0, x0);
        productsB += Avx2.MultiplyAddAdjacent(u1, x0);
        a += Avx2.MultiplyAddAdjacent(productsA, StepScale(ref sum, 0));
        b += Avx2.MultiplyAddAdjacent(productsB, StepScale(ref sum, Vector));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Product(Vector256<byte> magnitudes, Vector256<sbyte> signs, Vector256<sbyte> x) =>
        Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(magnitudes, x ^ signs), Vector256<short>.One);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void HoldOffsets(ref byte panels, ref byte tile, ref byte held)
    {
        Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector256<int> b0 = default, b1 = default, b2 = default, b3 = default;
        TileChains<TPanel, TBlock, TActivation>.AddOffsets(
            ref panels, ref tile, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
        Hold(ref held, 0, a0, adds: false);
        Hold(ref held, 1, b0, adds: false);
        Hold(ref held, 2, a1, adds: false);
        Hold(ref held, 3, b1, adds: false);
        Hold(ref held, 4, a2, adds: false);
        Hold(ref held, 5, b2, adds: false);
        Hold(ref held, 6, a3, adds: false);
        Hold(ref held, 7, b3, adds: false);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> StepScale(ref byte sum, nuint at) =>
        TPanel.HasStepScales ? Vector256.LoadUnsafe(ref sum, at).AsInt16() : Vector256<short>.One;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Hold(ref byte held, nuint index, Vector256<int> sum, bool adds)
    {
        if (adds)
        {
            sum += Vector256.LoadUnsafe(ref held, index * Vector).AsInt32();
        }

        sum.AsByte().StoreUnsafe(ref held, index * Vector);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ExtendHeld(ref byte panels, ref byte tile, nuint token, ref byte held, ref float chains)
    {
        Vector256<int> a = Vector256.LoadUnsafe(ref held, 2 * token * Vector).AsInt32();
        Vector256<int> b = Vector256.LoadUnsafe(ref held, ((2 * token) + 1) * Vector).AsInt32();
        TileChains<TPanel, TBlock, TActivation>.Extend(ref panels, ref tile, token, a, b, ref chains, scaleAt: 0);
    }

    [InlineArray(8)]
    private struct IntegerSums
    {
        private Vector256<int> _first;
    }
}
