using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>
/// Eight rows of <see cref="BlockQ5_1"/>: scales (16 bytes), minima (16), fifth bits (32), lower bits (128).
/// </summary>
internal readonly struct PanelQ5_1 : IPanel<BlockQ5_1, Activation32>
{
    private const int MinimumScaleAt = 16;
    private const int FifthBitsAt = 32;
    private const int CodesAt = 64;

    public static int ByteLength => CodesAt + 128;

    public static int StepCount => 2;

    public static int GroupsPerStep => 4;

    public static int GroupsPerSum => 4;

    public static int MinimumCount => 1;

    public static void Pack(ref readonly BlockQ5_1 first, nuint stride, ref byte panel)
    {
        ref BlockQ5_1 block = ref Unsafe.AsRef(in first);
        Interleaving.Halves(in block.Scale, stride).AsByte().StoreUnsafe(ref panel);
        Interleaving.Halves(in block.Minimum, stride).AsByte().StoreUnsafe(ref panel, MinimumScaleAt);
        FilePacking.MoreBits(in block.FifthBits, stride, ref Unsafe.AddByteOffset(ref panel, FifthBitsAt));
        FilePacking.Nibbles(in block.Nibbles, stride, ref Unsafe.AddByteOffset(ref panel, CodesAt));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MinimumScale(ref readonly byte panel) =>
        PackedCodes.LoadHalves(in panel, MinimumScaleAt);

    // The sum is one int32, whose upper half is only its sign.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Minimum(ref readonly byte panel, nuint index) => Vector256.Create(1).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PanelCodes Codes(ref readonly byte panel, nuint step)
    {
        PanelCodes codes = PackedCodes.LoadFourBit(in panel, CodesAt + (step * PackedCodes.FourBitByteLength));
        return PackedCodes.WithFifthBits(codes, in panel, FifthBitsAt, step);
    }
}
