using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>
/// A panel with each code in a byte of its own and each scale as it is multiplied: what many tokens meet is unpacked
/// once. Of everything the first eight rows' vector comes first, then the other eight's.
/// </summary>
/// <remarks>
/// A block holds scales, minimum scales, offsets, minima, of signed codes the sums of negative ones' magnitudes; then
/// for each sum in turn its step scale and its groups' codes, which are magnitudes behind their signs, −1 or 0, where
/// codes have any.
/// </remarks>
internal static class UnpackedPanels<TPanel, TBlock, TActivation>
    where TPanel : struct, IPanel<TBlock, TActivation>
    where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
    where TActivation : unmanaged, IActivationBlock<TActivation>
{
    /// <summary>Bytes of one thing of both halves.</summary>
    public const int PairByteLength = 64;

    /// <summary>Bytes before the minimum scales.</summary>
    public static nuint MinimumScaleAt
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => PairByteLength;
    }

    /// <summary>Bytes before the offsets.</summary>
    public static nuint OffsetsAt
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => PairByteLength * (TPanel.MinimumCount > 0 ? 2u : 1u);
    }

    /// <summary>Bytes before the minima.</summary>
    public static nuint MinimaAt
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => OffsetsAt + (nuint)(TPanel.OffsetCount * PairByteLength);
    }

    /// <summary>Bytes before the sums of negative codes' magnitudes.</summary>
    public static nuint NegativesAt
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => MinimaAt + (nuint)(TPanel.MinimumCount * PairByteLength);
    }

    /// <summary>Bytes before the first sum.</summary>
    public static nuint SumsAt
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => NegativesAt + (TPanel.HasSignedCodes ? PairByteLength : 0u);
    }

    /// <summary>Bytes of a group's codes.</summary>
    public static nuint GroupByteLength
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => PairByteLength * (TPanel.HasSignedCodes ? 2u : 1u);
    }

    /// <summary>Bytes before the first group of a sum.</summary>
    public static nuint GroupsAt
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TPanel.HasStepScales ? PairByteLength : 0u;
    }

    /// <summary>Bytes of a sum.</summary>
    public static nuint SumByteLength
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => GroupsAt + ((nuint)TPanel.GroupsPerSum * GroupByteLength);
    }

    /// <summary>Sums of 16 bits in a block.</summary>
    public static int SumCount
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TPanel.StepCount * TPanel.GroupsPerStep / TPanel.GroupsPerSum;
    }

    /// <summary>Bytes of a block.</summary>
    public static nuint BlockByteLength
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => SumsAt + ((nuint)SumCount * SumByteLength);
    }

    /// <summary>Bytes from a step's first codes to its third.</summary>
    public static nuint ThirdAt
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TPanel.GroupsPerSum < TPanel.GroupsPerStep ? SumByteLength : 2u * PairByteLength;
    }

    /// <summary>Bytes before a step's sum; of two sums, the first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint SumAt(nuint step) =>
        SumsAt + (step * (nuint)TPanel.GroupsPerStep / (nuint)TPanel.GroupsPerSum * SumByteLength);

    /// <summary>Bytes before a step's first codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint CodesAt(nuint step)
    {
        nuint group = TPanel.GroupsPerSum > TPanel.GroupsPerStep ? step % 2 * (nuint)TPanel.GroupsPerStep : 0;
        return SumAt(step) + GroupsAt + (group * GroupByteLength);
    }

    /// <summary>Unpacks blocks.</summary>
    /// <param name="panels">[blocks].</param>
    /// <param name="blockCount">Blocks.</param>
    /// <param name="unpacked">[blocks × <see cref="BlockByteLength"/>].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Unpack(ref readonly byte panels, nuint blockCount, ref byte unpacked)
    {
        ref byte panel = ref Unsafe.AsRef(in panels);
        ref byte target = ref unpacked;
        for (nuint block = 0; block < blockCount; block++)
        {
            UnpackHalf(ref panel, ref target);
            panel = ref Unsafe.AddByteOffset(ref panel, (nuint)TPanel.ByteLength);
            UnpackHalf(ref panel, ref Unsafe.AddByteOffset(ref target, PairByteLength / 2));
            panel = ref Unsafe.AddByteOffset(ref panel, (nuint)TPanel.ByteLength);
            target = ref Unsafe.AddByteOffset(ref target, BlockByteLength);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void UnpackHalf(ref byte panel, ref byte unpacked)
    {
        PanelChains.Prefetch(ref panel, TPanel.ByteLength);
        TPanel.Scale(ref panel).AsByte().StoreUnsafe(ref unpacked);
        if (TPanel.MinimumCount > 0)
        {
            TPanel.MinimumScale(ref panel).AsByte().StoreUnsafe(ref unpacked, MinimumScaleAt);
        }

        for (nuint i = 0; i < (nuint)TPanel.OffsetCount; i++)
        {
            TPanel.Offset(ref panel, i).AsByte().StoreUnsafe(ref unpacked, OffsetsAt + (i * PairByteLength));
        }

        for (nuint i = 0; i < (nuint)TPanel.MinimumCount; i++)
        {
            TPanel.Minimum(ref panel, i).AsByte().StoreUnsafe(ref unpacked, MinimaAt + (i * PairByteLength));
        }

        if (TPanel.HasSignedCodes)
        {
            SignedCodes.Negatives<TPanel, TBlock, TActivation>(ref panel).AsByte()
                .StoreUnsafe(ref unpacked, NegativesAt);
        }

        UnpackSteps(ref panel, ref Unsafe.AddByteOffset(ref unpacked, SumsAt));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void UnpackSteps(ref byte panel, ref byte sums)
    {
        nuint sumsPerStep = (nuint)TPanel.GroupsPerStep / (nuint)TPanel.GroupsPerSum;
        for (nuint step = 0; step < (nuint)TPanel.StepCount; step++)
        {
            PanelCodes codes = TPanel.HasSignedCodes
                ? SignedCodes.Signs(TPanel.Codes(ref panel, step))
                : TPanel.Codes(ref panel, step);
            Vector256<short> scale = TPanel.StepScale(ref panel, step);
            if (TPanel.GroupsPerSum > TPanel.GroupsPerStep)
            {
                // Two steps to a sum.
                ref byte sum = ref Unsafe.AddByteOffset(ref sums, step / 2 * SumByteLength);
                StoreScale(scale, ref sum);
                StoreFour(codes, ref Unsafe.AddByteOffset(ref sum, GroupsAt + (step % 2 * 4 * GroupByteLength)));
            }
            else if (sumsPerStep == 1)
            {
                ref byte sum = ref Unsafe.AddByteOffset(ref sums, step * SumByteLength);
                StoreScale(scale, ref sum);
                StoreFour(codes, ref Unsafe.AddByteOffset(ref sum, GroupsAt));
            }
            else
            {
                // Two sums to a step: two groups each, or one of signs and magnitudes.
                ref byte sum = ref Unsafe.AddByteOffset(ref sums, 2 * step * SumByteLength);
                StoreScale(scale, ref sum);
                StoreTwo(codes.First, codes.Second, ref Unsafe.AddByteOffset(ref sum, GroupsAt));
                sum = ref Unsafe.AddByteOffset(ref sum, SumByteLength);
                StoreScale(scale, ref sum);
                StoreTwo(codes.Third, codes.Fourth, ref Unsafe.AddByteOffset(ref sum, GroupsAt));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreScale(Vector256<short> scale, ref byte sum)
    {
        if (TPanel.HasStepScales)
        {
            scale.AsByte().StoreUnsafe(ref sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFour(PanelCodes codes, ref byte target)
    {
        StoreTwo(codes.First, codes.Second, ref target);
        StoreTwo(codes.Third, codes.Fourth, ref Unsafe.AddByteOffset(ref target, 2 * PairByteLength));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreTwo(Vector256<byte> first, Vector256<byte> second, ref byte target)
    {
        first.StoreUnsafe(ref target);
        second.StoreUnsafe(ref target, PairByteLength);
    }
}
