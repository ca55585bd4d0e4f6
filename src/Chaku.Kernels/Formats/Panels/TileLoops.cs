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
                    AddMinima(ref panels, ref half, ref chains);
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
                Load(ref codes, 0),
                Load(ref codes, Vector),
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
                Extend(ref panels, ref tile, 0, a0, b0, ref chains);
                Extend(ref panels, ref tile, 1, a1, b1, ref chains);
                Extend(ref panels, ref tile, 2, a2, b2, ref chains);
                Extend(ref panels, ref tile, 3, a3, b3, ref chains);
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
        Vector256<byte> w0 = Load(ref codes, at), w1 = Load(ref codes, at + Vector);
        GroupProducts.Add(
            w0, w1, ref x, group * GroupStride, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddSigned(ref byte panels, ref byte sum, ref byte x, ref byte tile, ref float chains)
    {
        ref byte negatives = ref Unsafe.AddByteOffset(
            ref panels, UnpackedPanels<TPanel, TBlock, TActivation>.NegativesAt);
        Vector256<int> a0 = Load(ref negatives, 0).AsInt32(), a1 = a0, a2 = a0, a3 = a0;
        Vector256<int> b0 = Load(ref negatives, Vector).AsInt32(), b1 = b0, b2 = b0, b3 = b0;
        for (nuint i = 0; i < (nuint)UnpackedPanels<TPanel, TBlock, TActivation>.SumCount; i++)
        {
            Vector256<sbyte> s0 = Load(ref sum, 0).AsSByte(), s1 = Load(ref sum, Vector).AsSByte();
            Vector256<byte> m0 = Load(ref sum, 2 * Vector), m1 = Load(ref sum, 3 * Vector);
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

        Extend(ref panels, ref tile, 0, a0, b0, ref chains, 0);
        Extend(ref panels, ref tile, 1, a1, b1, ref chains, 0);
        Extend(ref panels, ref tile, 2, a2, b2, ref chains, 0);
        Extend(ref panels, ref tile, 3, a3, b3, ref chains, 0);
    }

    // Sums of two groups are multiplied with their scale at once, so that 32-bit sums can stay in registers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTwoGroups(ref byte panels, ref byte sum, ref byte x, ref byte tile, ref float chains)
    {
        Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector256<int> b0 = default, b1 = default, b2 = default, b3 = default;
        AddOffsets(ref panels, ref tile, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);

        // Each token reads the scales through a reference of its own: one for all would hold them in registers, of
        // which there are none left.
        ref byte sum1 = ref sum, sum2 = ref sum, sum3 = ref sum;
        nuint length = UnpackedPanels<TPanel, TBlock, TActivation>.SumByteLength;
        for (nuint i = 0; i < (nuint)UnpackedPanels<TPanel, TBlock, TActivation>.SumCount; i++)
        {
            ref byte codes = ref Unsafe.AddByteOffset(
                ref sum, UnpackedPanels<TPanel, TBlock, TActivation>.GroupsAt);
            Vector256<byte> w0 = Load(ref codes, 0), w1 = Load(ref codes, Vector);
            Vector256<byte> u0 = Load(ref codes, 2 * Vector), u1 = Load(ref codes, 3 * Vector);
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

        Extend(ref panels, ref tile, 0, a0, b0, ref chains, 0);
        Extend(ref panels, ref tile, 1, a1, b1, ref chains, 0);
        Extend(ref panels, ref tile, 2, a2, b2, ref chains, 0);
        Extend(ref panels, ref tile, 3, a3, b3, ref chains, 0);
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
    private static void AddMinima(ref byte panels, ref byte tile, ref float chains)
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
        Extend(ref panels, ref tile, 0, a0, b0, ref chains, scaleAt);
        Extend(ref panels, ref tile, 1, a1, b1, ref chains, scaleAt);
        Extend(ref panels, ref tile, 2, a2, b2, ref chains, scaleAt);
        Extend(ref panels, ref tile, 3, a3, b3, ref chains, scaleAt);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void HoldOffsets(ref byte panels, ref byte tile, ref byte held)
    {
        Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector256<int> b0 = default, b1 = default, b2 = default, b3 = default;
        AddOffsets(ref panels, ref tile, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
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
    private static void AddOffsets(
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
        Vector256<short> f0 = Load(ref factors, 0).AsInt16(), f1 = Load(ref factors, Vector).AsInt16();
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> StepScale(ref byte sum, nuint at) =>
        TPanel.HasStepScales ? Load(ref sum, at).AsInt16() : Vector256<short>.One;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Hold(ref byte held, nuint index, Vector256<int> sum, bool adds)
    {
        if (adds)
        {
            sum += Load(ref held, index * Vector).AsInt32();
        }

        sum.AsByte().StoreUnsafe(ref held, index * Vector);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ExtendHeld(ref byte panels, ref byte tile, nuint token, ref byte held, ref float chains)
    {
        Vector256<int> a = Load(ref held, 2 * token * Vector).AsInt32();
        Vector256<int> b = Load(ref held, ((2 * token) + 1) * Vector).AsInt32();
        Extend(ref panels, ref tile, token, a, b, ref chains, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Extend(
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
            sumA += Avx2.MultiplyAddAdjacent(pair, Load(ref panels, at).AsInt16());
            sumB += Avx2.MultiplyAddAdjacent(pair, Load(ref panels, at + Vector).AsInt16());
        }

        Extend(ref panels, ref tile, token, sumA, sumB, ref chains, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Extend(
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
        PanelChains.Extend(chain, Load(ref panels, scaleAt).AsSingle(), ref x, a)
            .StoreUnsafe(ref chains, at);
        at += PanelKernel.HalfRows;
        chain = Vector256.LoadUnsafe(ref chains, at);
        PanelChains.Extend(chain, Load(ref panels, scaleAt + Vector).AsSingle(), ref x, b)
            .StoreUnsafe(ref chains, at);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Load(ref byte source, nuint at) => Vector256.LoadUnsafe(ref source, at);

    [InlineArray(8)]
    private struct IntegerSums
    {
        private Vector256<int> _first;
    }
}
