using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>
/// The codes of a step in the bytes of a panel: arranged so that they come out with few instructions, from one place.
/// </summary>
/// <remarks>
/// There is no shift of bytes. Shifts are of 16 bits, and what they bring in from the neighbour is masked off, or was
/// before.
/// </remarks>
internal static class PackedCodes
{
    /// <summary>Bytes of a step of 4 groups of 4-bit codes.</summary>
    public const int FourBitByteLength = 64;

    /// <summary>Bytes of a step of 4 groups of 6-bit codes.</summary>
    public const int SixBitByteLength = 96;

    /// <summary>Bytes of a step of 4 groups of 2-bit codes.</summary>
    public const int TwoBitByteLength = 32;

    /// <summary>Bytes of one more bit for each code of two steps.</summary>
    public const int MoreBitsByteLength = 32;

    private const byte UpperTwo = 0xC0;
    private const int VectorByteLength = 32;

    /// <summary>Bits [shift, shift + count) of each byte of a file's interleaved bytes, as codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Bits(ref readonly byte source, nuint at, int shift, int count)
    {
        Vector256<ushort> shifted = Vector256.LoadUnsafe(in source, at).AsUInt16() >>> shift;
        return shifted.AsByte() & Vector256.Create((byte)((1 << count) - 1));
    }

    /// <summary>The bits of four vectors that follow one another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PanelCodes FourVectors(ref readonly byte source, nuint at, int shift, int count) => new(
        Bits(in source, at, shift, count),
        Bits(in source, at + 32, shift, count),
        Bits(in source, at + 64, shift, count),
        Bits(in source, at + 96, shift, count));

    /// <summary>One half-precision number of each row, as float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHalves(ref readonly byte panel, nuint at) =>
        Fp16.ToSingle(Vector128.LoadUnsafe(in panel, at).AsUInt16());

    /// <summary>Two vectors, each with a group in its low nibbles and the next in its high.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFourBit(PanelCodes codes, ref byte target)
    {
        (codes.First | Left(codes.Second, 4)).StoreUnsafe(ref target);
        (codes.Third | Left(codes.Fourth, 4)).StoreUnsafe(ref target, 32);
    }

    /// <summary>What <see cref="StoreFourBit"/> stored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PanelCodes LoadFourBit(ref readonly byte panel, nuint at)
    {
        Vector256<byte> nibble = Vector256.Create((byte)15);
        Vector256<byte> low = Vector256.LoadUnsafe(in panel, at);
        Vector256<byte> high = Vector256.LoadUnsafe(in panel, at + 32);
        return new(low & nibble, Right(low, 4) & nibble, high & nibble, Right(high, 4) & nibble);
    }

    /// <summary>
    /// Three vectors, each with a group in its lower six bits and a third of the fourth group in its upper two.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSixBit(PanelCodes codes, ref byte target)
    {
        Vector256<byte> upper = Vector256.Create(UpperTwo);
        (codes.First | (Left(codes.Fourth, 6) & upper)).StoreUnsafe(ref target);
        (codes.Second | (Left(codes.Fourth, 4) & upper)).StoreUnsafe(ref target, 32);
        (codes.Third | (Left(codes.Fourth, 2) & upper)).StoreUnsafe(ref target, 64);
    }

    /// <summary>What <see cref="StoreSixBit"/> stored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PanelCodes LoadSixBit(ref readonly byte panel, nuint at)
    {
        Vector256<byte> first = Vector256.LoadUnsafe(in panel, at);
        Vector256<byte> second = Vector256.LoadUnsafe(in panel, at + 32);
        Vector256<byte> third = Vector256.LoadUnsafe(in panel, at + 64);
        Vector256<byte> lowest = first & Vector256.Create(UpperTwo);
        Vector256<byte> middle = second & Vector256.Create(UpperTwo);
        Vector256<byte> highest = third & Vector256.Create(UpperTwo);
        Vector256<byte> fourth = Right(lowest, 6) | Right(middle, 4) | Right(highest, 2);
        return new(first ^ lowest, second ^ middle, third ^ highest, fourth);
    }

    /// <summary>A vector with a group in each two bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreTwoBit(PanelCodes codes, ref byte target) =>
        (codes.First | Left(codes.Second, 2) | Left(codes.Third, 4) | Left(codes.Fourth, 6)).StoreUnsafe(ref target);

    /// <summary>What <see cref="StoreTwoBit"/> stored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PanelCodes LoadTwoBit(ref readonly byte panel, nuint at)
    {
        Vector256<byte> mask = Vector256.Create((byte)3);
        Vector256<byte> codes = Vector256.LoadUnsafe(in panel, at);
        return new(codes & mask, Right(codes, 2) & mask, Right(codes, 4) & mask, Right(codes, 6) & mask);
    }

    /// <summary>
    /// One more bit for each code: two steps share a vector, the even one's groups in bits 0 to 3, the odd one's in 4
    /// to
    /// 7. The even one is stored first.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMoreBits(PanelCodes bits, nuint step, ref byte target)
    {
        Vector256<byte> four = bits.First | Left(bits.Second, 1) | Left(bits.Third, 2) | Left(bits.Fourth, 3);
        nuint at = step / 2 * VectorByteLength;
        Vector256<byte> stored = step % 2 == 0 ? four : Vector256.LoadUnsafe(ref target, at) | Left(four, 4);
        stored.StoreUnsafe(ref target, at);
    }

    /// <summary>Codes with what <see cref="StoreMoreBits"/> stored as their bit 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PanelCodes WithFifthBits(PanelCodes codes, ref readonly byte panel, nuint at, nuint step)
    {
        Vector256<byte> mask = Vector256.Create((byte)16);
        Vector256<byte> bits = MoreBits(in panel, at, step);
        return new(
            codes.First | (Left(bits, 4) & mask),
            codes.Second | (Left(bits, 3) & mask),
            codes.Third | (Left(bits, 2) & mask),
            codes.Fourth | (Left(bits, 1) & mask));
    }

    /// <summary>Codes with what <see cref="StoreMoreBits"/> stored as their bit 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PanelCodes WithThirdBits(PanelCodes codes, ref readonly byte panel, nuint at, nuint step)
    {
        Vector256<byte> mask = Vector256.Create((byte)4);
        Vector256<byte> bits = MoreBits(in panel, at, step);
        return new(
            codes.First | (Left(bits, 2) & mask),
            codes.Second | (Left(bits, 1) & mask),
            codes.Third | (bits & mask),
            codes.Fourth | (Right(bits, 1) & mask));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> MoreBits(ref readonly byte panel, nuint at, nuint step) =>
        Right(Vector256.LoadUnsafe(in panel, at + (step / 2 * VectorByteLength)), (int)(step % 2 * 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Left(Vector256<byte> bytes, int count) => (bytes.AsUInt16() << count).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Right(Vector256<byte> bytes, int count) => (bytes.AsUInt16() >>> count).AsByte();
}
