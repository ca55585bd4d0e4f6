using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>
/// Eight rows of <see cref="BlockQ6_K"/>: scales (32 bytes), 16 sub-block scales (128), upper bits (512), lower bits
/// (1024).
/// </summary>
internal readonly struct PanelQ6_K : IPanel<BlockQ6_K, Activation256>
{
    private const int SubScalesAt = 32;
    private const int UpperBitsAt = 160;
    private const int LowerBitsAt = 672;

    public static int ByteLength => LowerBitsAt + 1024;

    public static int StepCount => 16;

    public static int GroupsPerStep => 4;

    public static int OffsetCount => 8;

    public static void Pack(ref readonly BlockQ6_K first, nuint stride, ref byte panel)
    {
        ref BlockQ6_K block = ref Unsafe.AsRef(in first);
        Interleaving.Halves(in block.Scale, stride).AsByte().StoreUnsafe(ref panel);
        ref byte scales = ref Unsafe.As<SignedBytes16, byte>(ref block.Scales);
        Interleaving.Bytes(in scales, stride, 16, ref Unsafe.AddByteOffset(ref panel, SubScalesAt));
        ref byte upper = ref Unsafe.As<Bytes64, byte>(ref block.UpperBits);
        Interleaving.Bytes(in upper, stride, 64, ref Unsafe.AddByteOffset(ref panel, UpperBitsAt));
        ref byte lower = ref Unsafe.As<Bytes128, byte>(ref block.LowerBits);
        Interleaving.Bytes(in lower, stride, 128, ref Unsafe.AddByteOffset(ref panel, LowerBitsAt));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scale(ref readonly byte panel) => Vector256.LoadUnsafe(in panel).AsSingle();

    // Codes are stored with 32 added: −32 · scale_j · Σ activations of sub-block j takes it away.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Offset(ref readonly byte panel, nuint index) =>
        -SubScales.PairSignedTimes32(in Unsafe.AddByteOffset(ref Unsafe.AsRef(in panel), SubScalesAt), index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> StepScale(ref readonly byte panel, nuint step) =>
        SubScales.TwiceSigned(in Unsafe.AddByteOffset(ref Unsafe.AsRef(in panel), SubScalesAt), step);

    // A step is a sub-block of 16. Of the eight in a half, two share vectors of lower bits with the two 4 further, and
    // four pairs share vectors of upper bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PanelCodes Codes(ref readonly byte panel, nuint step)
    {
        nuint half = step / 8;
        nuint lowerAt = LowerBitsAt + (half * 512) + (step % 4 * 128);
        nuint upperAt = UpperBitsAt + (half * 256) + (step % 2 * 128);
        PanelCodes lower = PackedBits.Nibbles(in panel, lowerAt, (int)(step / 4 % 2 * 4));
        int shift = (int)(step / 2 % 4 * 2);
        return new(
            lower.First | Upper(in panel, upperAt, shift),
            lower.Second | Upper(in panel, upperAt + 32, shift),
            lower.Third | Upper(in panel, upperAt + 64, shift),
            lower.Fourth | Upper(in panel, upperAt + 96, shift));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddProducts(
        Vector256<int> sum, PanelCodes codes, Vector256<short> stepScale, ref readonly byte x, nuint stride) =>
        PanelProducts.AddSixBit(sum, codes, stepScale, in x, stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Upper(ref readonly byte panel, nuint at, int shift) =>
        (PackedBits.Bits(in panel, at, shift, 3).AsUInt16() << 4).AsByte();
}
