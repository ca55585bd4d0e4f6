using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>Takes codes out of packed bits.</summary>
internal static class PackedBits
{
    /// <summary>The bits [shift, shift + 4) of four vectors of bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PanelCodes Nibbles(ref readonly byte panel, nuint at, int shift) => new(
        Bits(in panel, at, shift, 15),
        Bits(in panel, at + 32, shift, 15),
        Bits(in panel, at + 64, shift, 15),
        Bits(in panel, at + 96, shift, 15));

    /// <summary>The bits of <paramref name="mask"/>, after a shift.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Bits(ref readonly byte panel, nuint at, int shift, byte mask)
    {
        // There is no shift of bytes: what a shift of 16 bits brings in from the neighbour is masked off.
        Vector256<ushort> shifted = Vector256.LoadUnsafe(in panel, at).AsUInt16() >>> shift;
        return shifted.AsByte() & Vector256.Create(mask);
    }
}
