using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>Eight rows of <see cref="BlockQ4_1"/>: scales (16 bytes), minima (16), codes (128).</summary>
internal readonly struct PanelQ4_1 : IPanel<BlockQ4_1, Activation32>
{
    private const int MinimumScaleAt = 16;
    private const int CodesAt = 32;

    public static int ByteLength => CodesAt + 128;

    public static int StepCount => 2;

    public static int GroupsPerStep => 4;

    public static int GroupsPerSum => 8;

    public static int MinimumCount => 1;

    public static void Pack(ref readonly BlockQ4_1 first, nuint stride, ref byte panel)
    {
        ref BlockQ4_1 block = ref Unsafe.AsRef(in first);
        Interleaving.Halves(in block.Scale, stride).AsByte().StoreUnsafe(ref panel);
        Interleaving.Halves(in block.Minimum, stride).AsByte().StoreUnsafe(ref panel, MinimumScaleAt);
        FilePacking.Nibbles(in block.Nibbles, stride, ref Unsafe.AddByteOffset(ref panel, CodesAt));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MinimumScale(ref readonly byte panel) =>
        PackedCodes.LoadHalves(in panel, MinimumScaleAt);

    // The sum is one int32, whose upper half is only its sign.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Minimum(ref readonly byte panel, nuint index) => Vector256.Create(1).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PanelCodes Codes(ref readonly byte panel, nuint step) =>
        PackedCodes.LoadFourBit(in panel, CodesAt + (step * PackedCodes.FourBitByteLength));
}
