using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>
/// Eight rows of <see cref="BlockQ6_K"/>: scales (16 bytes), 16 sub-block scales (128), codes (1536).
/// </summary>
internal readonly struct PanelQ6_K : IPanel<BlockQ6_K, Activation256>
{
    private const int SubScalesAt = 16;
    private const int CodesAt = 144;

    // Codes are stored with 32 added: −32 · scale_j · Σ activations of sub-block j takes it away.
    private const int OffsetBits = 5;

    public static int ByteLength => CodesAt + 1536;

    public static int StepCount => 16;

    public static int GroupsPerStep => 4;

    public static int GroupsPerSum => 2;

    public static bool HasStepScales => true;

    public static int OffsetCount => 8;

    [SkipLocalsInit]
    public static void Pack(ref readonly BlockQ6_K first, nuint stride, ref byte panel)
    {
        ref BlockQ6_K block = ref Unsafe.AsRef(in first);
        Interleaving.Halves(in block.Scale, stride).AsByte().StoreUnsafe(ref panel);
        ref byte scales = ref Unsafe.As<SignedBytes16, byte>(ref block.Scales);
        Interleaving.Bytes(in scales, stride, 16, ref Unsafe.AddByteOffset(ref panel, SubScalesAt));
        Span<byte> upper = stackalloc byte[8 * 64];
        Interleaving.Bytes(in Unsafe.As<Bytes64, byte>(ref block.UpperBits), stride, 64, ref upper[0]);
        Span<byte> lower = stackalloc byte[8 * 128];
        Interleaving.Bytes(in Unsafe.As<Bytes128, byte>(ref block.LowerBits), stride, 128, ref lower[0]);
        for (int step = 0; step < StepCount; step++)
        {
            int at = CodesAt + (step * PackedCodes.SixBitByteLength);
            PackedCodes.StoreSixBit(Join(lower, upper, step), ref Unsafe.AddByteOffset(ref panel, at));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Offset(ref readonly byte panel, nuint index) =>
        -SubScales.PairSigned(in Unsafe.AddByteOffset(ref Unsafe.AsRef(in panel), SubScalesAt), index, OffsetBits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> StepScale(ref readonly byte panel, nuint step) =>
        SubScales.TwiceSigned(in Unsafe.AddByteOffset(ref Unsafe.AsRef(in panel), SubScalesAt), step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PanelCodes Codes(ref readonly byte panel, nuint step) =>
        PackedCodes.LoadSixBit(in panel, CodesAt + (step * PackedCodes.SixBitByteLength));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddProducts(
        Vector256<int> sum,
        PanelCodes codes,
        Vector256<short> stepScale,
        ref readonly byte x,
        nuint token,
        nuint stride) =>
        PanelProducts.AddSixBit(sum, codes, stepScale, in x, token, stride);

    // A step is a sub-block of 16. Of the eight in a half of the block, two share vectors of lower bits with the two 4
    // further, and four pairs share vectors of upper bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static PanelCodes Join(ReadOnlySpan<byte> lowerBits, ReadOnlySpan<byte> upperBits, int step)
    {
        nuint lowerAt = (nuint)((step / 8 * 512) + (step % 4 * 128));
        nuint upperAt = (nuint)((step / 8 * 256) + (step % 2 * 128));
        PanelCodes lower = PackedCodes.FourVectors(in lowerBits[0], lowerAt, shift: step / 4 % 2 * 4, count: 4);
        PanelCodes upper = PackedCodes.FourVectors(in upperBits[0], upperAt, shift: step / 2 % 4 * 2, count: 2);
        return new(
            Join(lower.First, upper.First),
            Join(lower.Second, upper.Second),
            Join(lower.Third, upper.Third),
            Join(lower.Fourth, upper.Fourth));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Join(Vector256<byte> lower, Vector256<byte> upper) =>
        lower | (upper.AsUInt16() << 4).AsByte();
}
