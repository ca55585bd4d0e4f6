using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>
/// Eight rows of <see cref="BlockQ3_K"/>: scales (16 bytes), 16 sub-block scales widened to bytes (128), third bits
/// (256), lower bits (512).
/// </summary>
internal readonly struct PanelQ3_K : IPanel<BlockQ3_K, Activation256>
{
    private const int SubScalesAt = 16;
    private const int ThirdBitsAt = 144;
    private const int CodesAt = 400;

    // Codes are stored with 4 added: −4 · scale_j · Σ activations of sub-block j takes it away.
    private const int OffsetBits = 2;

    public static int ByteLength => CodesAt + 512;

    public static int StepCount => 16;

    public static int GroupsPerStep => 4;

    public static int GroupsPerSum => 4;

    public static bool HasStepScales => true;

    public static int OffsetCount => 8;

    public static void Pack(ref readonly BlockQ3_K first, nuint stride, ref byte panel)
    {
        ref BlockQ3_K block = ref Unsafe.AsRef(in first);
        Interleaving.Halves(in block.Scale, stride).AsByte().StoreUnsafe(ref panel);
        SubScales.PackSixBit(in block.Scales, stride, ref Unsafe.AddByteOffset(ref panel, SubScalesAt));
        FilePacking.MoreBits(in block.ThirdBits, stride, ref Unsafe.AddByteOffset(ref panel, ThirdBitsAt));
        FilePacking.BitPairs(in block.LowerBits, stride, ref Unsafe.AddByteOffset(ref panel, CodesAt));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Offset(ref readonly byte panel, nuint index) =>
        -SubScales.PairSigned(in Unsafe.AddByteOffset(ref Unsafe.AsRef(in panel), SubScalesAt), index, OffsetBits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> StepScale(ref readonly byte panel, nuint step) =>
        SubScales.TwiceSigned(in Unsafe.AddByteOffset(ref Unsafe.AsRef(in panel), SubScalesAt), step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PanelCodes Codes(ref readonly byte panel, nuint step)
    {
        PanelCodes codes = PackedCodes.LoadTwoBit(in panel, CodesAt + (step * PackedCodes.TwoBitByteLength));
        return PackedCodes.WithThirdBits(codes, in panel, ThirdBitsAt, step);
    }
}
