using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>
/// From the codes of eight rows' blocks, as several formats share their places in a file, to a panel's.
/// </summary>
internal static class FilePacking
{
    private const int StepsOf256 = 16;

    /// <summary>32 codes of 4 bits: code i in the low nibble of byte i, code i + 16 in the high.</summary>
    /// <param name="first">The first row's 16 bytes.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="target">[2 × <see cref="PackedCodes.FourBitByteLength"/>].</param>
    [SkipLocalsInit]
    public static void Nibbles(ref readonly Bytes16 first, nuint stride, ref byte target)
    {
        Span<byte> interleaved = stackalloc byte[8 * 16];
        Interleaving.Bytes(in Unsafe.As<Bytes16, byte>(ref Unsafe.AsRef(in first)), stride, 16, ref interleaved[0]);
        for (int step = 0; step < 2; step++)
        {
            PanelCodes codes = PackedCodes.FourVectors(in interleaved[0], 0, shift: step * 4, count: 4);
            PackedCodes.StoreFourBit(
                codes, ref Unsafe.AddByteOffset(ref target, step * PackedCodes.FourBitByteLength));
        }
    }

    /// <summary>
    /// 256 codes of 4 bits: of each 64, byte l of 32 has code l in its low nibble, l + 32 in the high.
    /// </summary>
    /// <param name="first">The first row's 128 bytes.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="target">[16 × <see cref="PackedCodes.FourBitByteLength"/>].</param>
    [SkipLocalsInit]
    public static void Nibbles(ref readonly Bytes128 first, nuint stride, ref byte target)
    {
        Span<byte> interleaved = stackalloc byte[8 * 128];
        Interleaving.Bytes(in Unsafe.As<Bytes128, byte>(ref Unsafe.AsRef(in first)), stride, 128, ref interleaved[0]);
        for (int step = 0; step < StepsOf256; step++)
        {
            // Two steps make a sub-block; four share 8 vectors, two of them the low nibbles, two the high.
            nuint from = (nuint)((step / 4 * 256) + (step % 2 * 128));
            PanelCodes codes = PackedCodes.FourVectors(in interleaved[0], from, shift: step / 2 % 2 * 4, count: 4);
            PackedCodes.StoreFourBit(
                codes, ref Unsafe.AddByteOffset(ref target, step * PackedCodes.FourBitByteLength));
        }
    }

    /// <summary>256 codes of 2 bits: of each 128, byte l of 32 has codes l, l + 32, l + 64 and l + 96.</summary>
    /// <param name="first">The first row's 64 bytes.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="target">[16 × <see cref="PackedCodes.TwoBitByteLength"/>].</param>
    [SkipLocalsInit]
    public static void BitPairs(ref readonly Bytes64 first, nuint stride, ref byte target)
    {
        Span<byte> interleaved = stackalloc byte[8 * 64];
        Interleaving.Bytes(in Unsafe.As<Bytes64, byte>(ref Unsafe.AsRef(in first)), stride, 64, ref interleaved[0]);
        for (int step = 0; step < StepsOf256; step++)
        {
            nuint from = (nuint)((step / 8 * 256) + (step % 2 * 128));
            PanelCodes codes = PackedCodes.FourVectors(in interleaved[0], from, shift: step / 2 % 4 * 2, count: 2);
            PackedCodes.StoreTwoBit(codes, ref Unsafe.AddByteOffset(ref target, step * PackedCodes.TwoBitByteLength));
        }
    }

    /// <summary>One more bit of 256 codes: bit i of byte l belongs to code l + 32i.</summary>
    /// <param name="first">The first row's 32 bytes.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="target">[8 × <see cref="PackedCodes.MoreBitsByteLength"/>].</param>
    [SkipLocalsInit]
    public static void MoreBits(ref readonly Bytes32 first, nuint stride, ref byte target)
    {
        Span<byte> interleaved = stackalloc byte[8 * 32];
        Interleaving.Bytes(in Unsafe.As<Bytes32, byte>(ref Unsafe.AsRef(in first)), stride, 32, ref interleaved[0]);
        for (int step = 0; step < StepsOf256; step++)
        {
            nuint from = (nuint)(step % 2 * 128);
            PanelCodes bits = PackedCodes.FourVectors(in interleaved[0], from, shift: step / 2, count: 1);
            PackedCodes.StoreMoreBits(bits, (nuint)step, ref target);
        }
    }

    /// <summary>One more bit of 32 codes: bit i belongs to code i.</summary>
    /// <param name="first">The first row's.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="target">[<see cref="PackedCodes.MoreBitsByteLength"/>].</param>
    public static void MoreBits(ref readonly uint first, nuint stride, ref byte target)
    {
        Vector256<uint> bits = Interleaving.Units(in Unsafe.As<uint, byte>(ref Unsafe.AsRef(in first)), stride, 0);
        for (int step = 0; step < 2; step++)
        {
            int from = step * 16;
            PanelCodes codes = new(
                Spread(bits >>> from),
                Spread(bits >>> (from + 4)),
                Spread(bits >>> (from + 8)),
                Spread(bits >>> (from + 12)));
            PackedCodes.StoreMoreBits(codes, (nuint)step, ref target);
        }
    }

    // The lowest four bits of each unit, one to a byte.
    private static Vector256<byte> Spread(Vector256<uint> bits)
    {
        Vector256<uint> four = bits & Vector256.Create(15u);
        Vector256<uint> spread = four | (four << 7) | (four << 14) | (four << 21);
        return spread.AsByte() & Vector256.Create((byte)1);
    }
}
