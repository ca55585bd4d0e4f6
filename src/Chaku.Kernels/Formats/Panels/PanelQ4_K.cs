using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>
/// Eight rows of <see cref="BlockQ4_K"/>: scales (16 bytes), minimum scales (16), 8 sub-block scales and 8
/// minima widened to bytes (64 each), codes (1024).
/// </summary>
internal readonly struct PanelQ4_K : IPanel<BlockQ4_K, Activation256>
{
    private const int MinimumScaleAt = 16;
    private const int SubScalesAt = 32;
    private const int MinimaAt = 96;
    private const int CodesAt = 160;

    public static int ByteLength => CodesAt + 1024;

    public static int StepCount => 16;

    public static int GroupsPerStep => 4;

    public static int GroupsPerSum => 8;

    public static bool HasStepScales => true;

    public static int MinimumCount => 4;

    public static int FirstMinimumSum => Activation256.FirstSumOf32;

    public static void Pack(ref readonly BlockQ4_K first, nuint stride, ref byte panel)
    {
        ref BlockQ4_K block = ref Unsafe.AsRef(in first);
        Interleaving.Halves(in block.Scale, stride).AsByte().StoreUnsafe(ref panel);
        Interleaving.Halves(in block.MinimumScale, stride).AsByte().StoreUnsafe(ref panel, MinimumScaleAt);
        SubScales.PackScalesAndMinima(in block.Scales, stride, ref Unsafe.AddByteOffset(ref panel, SubScalesAt));
        FilePacking.Nibbles(in block.Nibbles, stride, ref Unsafe.AddByteOffset(ref panel, CodesAt));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MinimumScale(ref readonly byte panel) =>
        -PackedCodes.LoadHalves(in panel, MinimumScaleAt);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Minimum(ref readonly byte panel, nuint index) =>
        SubScales.Pair(in Unsafe.AddByteOffset(ref Unsafe.AsRef(in panel), MinimaAt), index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> StepScale(ref readonly byte panel, nuint step) =>
        SubScales.Twice(in Unsafe.AddByteOffset(ref Unsafe.AsRef(in panel), SubScalesAt), step / 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PanelCodes Codes(ref readonly byte panel, nuint step) =>
        PackedCodes.LoadFourBit(in panel, CodesAt + (step * PackedCodes.FourBitByteLength));
}
