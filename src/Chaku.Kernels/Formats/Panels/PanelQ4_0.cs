using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>Eight rows of <see cref="BlockQ4_0"/>: scales (16 bytes), codes (128).</summary>
internal readonly struct PanelQ4_0 : IPanel<BlockQ4_0, Activation32>
{
    private const int CodesAt = 16;

    public static int ByteLength => CodesAt + 128;

    public static int StepCount => 2;

    public static int GroupsPerStep => 4;

    public static int GroupsPerSum => 8;

    // Codes are stored with 8 added.
    public static bool HasOneOffset => true;

    public static void Pack(ref readonly BlockQ4_0 first, nuint stride, ref byte panel)
    {
        ref BlockQ4_0 block = ref Unsafe.AsRef(in first);
        Interleaving.Halves(in block.Scale, stride).AsByte().StoreUnsafe(ref panel);
        FilePacking.Nibbles(in block.Nibbles, stride, ref Unsafe.AddByteOffset(ref panel, CodesAt));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PanelCodes Codes(ref readonly byte panel, nuint step) =>
        PackedCodes.LoadFourBit(in panel, CodesAt + (step * PackedCodes.FourBitByteLength));
}
