using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>
/// Eight rows of <see cref="BlockQ2_K"/>: scales (16 bytes), minimum scales (16), 16 sub-block scales and 16
/// minima widened to bytes (128 each), codes (512).
/// </summary>
internal readonly struct PanelQ2_K : IPanel<BlockQ2_K, Activation256>
{
    private const int MinimumScaleAt = 16;
    private const int SubScalesAt = 32;
    private const int MinimaAt = 160;
    private const int CodesAt = 288;

    public static int ByteLength => CodesAt + 512;

    public static int StepCount => 16;

    public static int GroupsPerStep => 4;

    public static int GroupsPerSum => 4;

    public static bool HasStepScales => true;

    public static int MinimumCount => 8;

    public static void Pack(ref readonly BlockQ2_K first, nuint stride, ref byte panel)
    {
        ref BlockQ2_K block = ref Unsafe.AsRef(in first);
        Interleaving.Halves(in block.Scale, stride).AsByte().StoreUnsafe(ref panel);
        Interleaving.Halves(in block.MinimumScale, stride).AsByte().StoreUnsafe(ref panel, MinimumScaleAt);
        SubScales.PackNibbles(in block.Scales, stride, ref Unsafe.AddByteOffset(ref panel, SubScalesAt));
        FilePacking.BitPairs(in block.PackedCodes, stride, ref Unsafe.AddByteOffset(ref panel, CodesAt));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MinimumScale(ref readonly byte panel) =>
        -PackedCodes.LoadHalves(in panel, MinimumScaleAt);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Minimum(ref readonly byte panel, nuint index) =>
        SubScales.Pair(in Unsafe.AddByteOffset(ref Unsafe.AsRef(in panel), MinimaAt), index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> StepScale(ref readonly byte panel, nuint step) =>
        SubScales.Twice(in Unsafe.AddByteOffset(ref Unsafe.AsRef(in panel), SubScalesAt), step);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PanelCodes Codes(ref readonly byte panel, nuint step) =>
        PackedCodes.LoadTwoBit(in panel, CodesAt + (step * PackedCodes.TwoBitByteLength));
}
