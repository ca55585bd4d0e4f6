using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>Eight rows of <see cref="BlockQ5_0"/>: scales (16 bytes), fifth bits (32), lower bits (128).</summary>
internal readonly struct PanelQ5_0 : IPanel<BlockQ5_0, Activation32>
{
    private const int FifthBitsAt = 16;
    private const int CodesAt = 48;

    // Codes are stored with 16 added. The sum is one int32, whose upper half is only its sign.
    private const int MinusSixteen = unchecked((ushort)-16);

    public static int ByteLength => CodesAt + 128;

    public static int StepCount => 2;

    public static int GroupsPerStep => 4;

    public static int GroupsPerSum => 4;

    public static int OffsetCount => 1;

    public static void Pack(ref readonly BlockQ5_0 first, nuint stride, ref byte panel)
    {
        ref BlockQ5_0 block = ref Unsafe.AsRef(in first);
        Interleaving.Halves(in block.Scale, stride).AsByte().StoreUnsafe(ref panel);
        FilePacking.MoreBits(in block.FifthBits, stride, ref Unsafe.AddByteOffset(ref panel, FifthBitsAt));
        FilePacking.Nibbles(in block.Nibbles, stride, ref Unsafe.AddByteOffset(ref panel, CodesAt));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Offset(ref readonly byte panel, nuint index) =>
        Vector256.Create(MinusSixteen).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PanelCodes Codes(ref readonly byte panel, nuint step)
    {
        PanelCodes codes = PackedCodes.LoadFourBit(in panel, CodesAt + (step * PackedCodes.FourBitByteLength));
        return PackedCodes.WithFifthBits(codes, in panel, FifthBitsAt, step);
    }
}
