using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>Sub-block scales of eight rows, four bytes of each row to a vector, as pairs of int16.</summary>
internal static class SubScales
{
    private const byte Zero = 0x80;

    // Bytes in the lower half of an int16, or in the upper, which an arithmetic shift brings down with their sign.
    private static Vector256<byte> TwiceLow => EveryUnit(0, Zero, 0, Zero);

    private static Vector256<byte> TwiceHigh => EveryUnit(Zero, 0, Zero, 0);

    private static Vector256<byte> PairLow => EveryUnit(0, Zero, 1, Zero);

    private static Vector256<byte> PairHigh => EveryUnit(Zero, 0, Zero, 1);

    /// <summary>(s, s) of scale <paramref name="index"/>, in [0, 255].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Twice(ref readonly byte scales, nuint index) =>
        Shuffle(From(in scales, index), TwiceLow).AsInt16();

    /// <summary>(s, s) of scale <paramref name="index"/>, in [−128, 127].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> TwiceSigned(ref readonly byte scales, nuint index) =>
        Shuffle(From(in scales, index), TwiceHigh).AsInt16() >> 8;

    /// <summary>The scales 2·<paramref name="index"/> and the one after it, in [0, 255].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Pair(ref readonly byte scales, nuint index) =>
        Shuffle(From(in scales, 2 * index), PairLow).AsInt16();

    /// <summary>
    /// 2^<paramref name="bits"/> times the scales 2·<paramref name="index"/> and the one after it, in [−128, 127].
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> PairSigned(ref readonly byte scales, nuint index, int bits) =>
        Shuffle(From(in scales, 2 * index), PairHigh).AsInt16() >> (8 - bits);

    /// <summary>Widens 8 scales and 8 minima of 6 bits to bytes: [64 bytes of scales][64 of minima].</summary>
    /// <param name="first">The first row's.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="target">[128].</param>
    public static void PackScalesAndMinima(ref readonly ScalesAndMinima first, nuint stride, ref byte target)
    {
        ref byte packed = ref Unsafe.As<ScalesAndMinima, byte>(ref Unsafe.AsRef(in first));
        Vector256<uint> scales = Interleaving.Units(in packed, stride, 0);
        Vector256<uint> minima = Interleaving.Units(in packed, stride, 4);
        Vector256<uint> lowerBits = Interleaving.Units(in packed, stride, 8);
        Vector256<uint> sixBits = Vector256.Create((byte)63).AsUInt32();
        Vector256<uint> nibble = Vector256.Create((byte)15).AsUInt32();
        Vector256<uint> upperBits = Vector256.Create((byte)48).AsUInt32();
        (scales & sixBits).AsByte().StoreUnsafe(ref target);
        ((lowerBits & nibble) | ((scales >>> 2) & upperBits)).AsByte().StoreUnsafe(ref target, 32);
        (minima & sixBits).AsByte().StoreUnsafe(ref target, 64);
        (((lowerBits >>> 4) & nibble) | ((minima >>> 2) & upperBits)).AsByte().StoreUnsafe(ref target, 96);
    }

    /// <summary>Widens 16 scales and 16 minima of 4 bits to bytes: [128 bytes of scales][128 of minima].</summary>
    /// <param name="first">The first row's: a scale in each low nibble, a minimum in each high.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="target">[256].</param>
    public static void PackNibbles(ref readonly Bytes16 first, nuint stride, ref byte target)
    {
        ref byte packed = ref Unsafe.As<Bytes16, byte>(ref Unsafe.AsRef(in first));
        Vector256<uint> nibble = Vector256.Create((byte)15).AsUInt32();
        for (nuint i = 0; i < 4; i++)
        {
            Vector256<uint> four = Interleaving.Units(in packed, stride, 4 * i);
            (four & nibble).AsByte().StoreUnsafe(ref target, 32 * i);
            ((four >>> 4) & nibble).AsByte().StoreUnsafe(ref target, 128 + (32 * i));
        }
    }

    /// <summary>Widens 16 scales of 6 bits, stored with 32 added, to bytes in [−32, 31].</summary>
    /// <param name="first">
    /// The first row's: lower 4 bits in nibbles of bytes 0 to 7, upper 2 in pairs of bits of bytes 8 to 11.
    /// </param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="target">[128].</param>
    public static void PackSixBit(ref readonly Bytes12 first, nuint stride, ref byte target)
    {
        ref byte packed = ref Unsafe.As<Bytes12, byte>(ref Unsafe.AsRef(in first));
        Vector256<uint> nibble = Vector256.Create((byte)15).AsUInt32();
        Vector256<uint> upperBits = Vector256.Create((byte)3).AsUInt32();
        Vector256<uint> upper = Interleaving.Units(in packed, stride, 8);
        for (int i = 0; i < 4; i++)
        {
            Vector256<uint> lower = Interleaving.Units(in packed, stride, (nuint)(i % 2 * 4)) >>> (i / 2 * 4);
            Vector256<uint> codes = (lower & nibble) | (((upper >>> (2 * i)) & upperBits) << 4);
            (codes.AsSByte() - Vector256.Create((sbyte)32)).AsByte().StoreUnsafe(ref target, (nuint)(32 * i));
        }
    }

    // Within 16 bytes; 0 for an index that is none.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Shuffle(Vector256<byte> bytes, Vector256<byte> indices) => Avx2.IsSupported
        ? Avx2.Shuffle(bytes, indices)
        : Vector256.Create(
            Vector128.Shuffle(bytes.GetLower(), indices.GetLower()),
            Vector128.Shuffle(bytes.GetUpper(), indices.GetUpper()));

    // The vector that holds a scale, with that scale in the lowest byte of each unit.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> From(ref readonly byte scales, nuint index)
    {
        Vector256<uint> four = Vector256.LoadUnsafe(in scales, index / 4 * 32).AsUInt32();
        return (four >>> (int)(index % 4 * 8)).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> EveryUnit(byte first, byte second, byte third, byte fourth)
    {
        Vector128<byte> unit = Vector128.Create(
            first, second, third, fourth, Next(first, 1), Next(second, 1), Next(third, 1), Next(fourth, 1),
            Next(first, 2), Next(second, 2), Next(third, 2), Next(fourth, 2),
            Next(first, 3), Next(second, 3), Next(third, 3), Next(fourth, 3));
        return Vector256.Create(unit, unit);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte Next(byte index, int unit) => index == Zero ? Zero : (byte)(index + (4 * unit));
}
