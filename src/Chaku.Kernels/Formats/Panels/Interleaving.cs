using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>Takes the same field out of eight rows, row r into lane r.</summary>
internal static class Interleaving
{
    private const int VectorByteLength = 32;
    private const int ChunkByteLength = 16;

    /// <summary>Interleaves fields of bytes, 4 bytes of each row to a vector.</summary>
    /// <param name="first">The first row's field.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="byteLength">Bytes in the field of one row; a multiple of 16.</param>
    /// <param name="target">[8 × <paramref name="byteLength"/>].</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Bytes(ref readonly byte first, nuint stride, int byteLength, ref byte target)
    {
        for (nuint at = 0; at < (nuint)byteLength; at += ChunkByteLength)
        {
            ref byte source = ref Unsafe.AddByteOffset(ref Unsafe.AsRef(in first), at);
            Transpose(in source, stride, ref Unsafe.AddByteOffset(ref target, 8 * at));
        }
    }

    /// <summary>Four bytes of each row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Units(ref readonly byte first, nuint stride, nuint offset)
    {
        ref byte row = ref Unsafe.AddByteOffset(ref Unsafe.AsRef(in first), offset);
        return Vector256.Create(
            Read<uint>(ref row, 0),
            Read<uint>(ref row, stride),
            Read<uint>(ref row, 2 * stride),
            Read<uint>(ref row, 3 * stride),
            Read<uint>(ref row, 4 * stride),
            Read<uint>(ref row, 5 * stride),
            Read<uint>(ref row, 6 * stride),
            Read<uint>(ref row, 7 * stride));
    }

    /// <summary>One half-precision number of each row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Halves(ref readonly ushort first, nuint stride)
    {
        ref byte row = ref Unsafe.As<ushort, byte>(ref Unsafe.AsRef(in first));
        return Vector128.Create(
            Read<ushort>(ref row, 0),
            Read<ushort>(ref row, stride),
            Read<ushort>(ref row, 2 * stride),
            Read<ushort>(ref row, 3 * stride),
            Read<ushort>(ref row, 4 * stride),
            Read<ushort>(ref row, 5 * stride),
            Read<ushort>(ref row, 6 * stride),
            Read<ushort>(ref row, 7 * stride));
    }

    // 16 bytes of each row, rows r and r + 4 in one vector: a transposition of 4 × 4 units in each half.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(ref readonly byte first, nuint stride, ref byte target)
    {
        if (!Avx2.IsSupported)
        {
            for (nuint unit = 0; unit < 4; unit++)
            {
                Units(in first, stride, 4 * unit).AsByte().StoreUnsafe(ref target, unit * VectorByteLength);
            }

            return;
        }

        ref byte row = ref Unsafe.AsRef(in first);
        Vector256<int> r0 = RowPair(ref row, stride);
        Vector256<int> r1 = RowPair(ref Unsafe.AddByteOffset(ref row, stride), stride);
        Vector256<int> r2 = RowPair(ref Unsafe.AddByteOffset(ref row, 2 * stride), stride);
        Vector256<int> r3 = RowPair(ref Unsafe.AddByteOffset(ref row, 3 * stride), stride);
        Vector256<long> low01 = Avx2.UnpackLow(r0, r1).AsInt64();
        Vector256<long> high01 = Avx2.UnpackHigh(r0, r1).AsInt64();
        Vector256<long> low23 = Avx2.UnpackLow(r2, r3).AsInt64();
        Vector256<long> high23 = Avx2.UnpackHigh(r2, r3).AsInt64();
        Avx2.UnpackLow(low01, low23).AsByte().StoreUnsafe(ref target);
        Avx2.UnpackHigh(low01, low23).AsByte().StoreUnsafe(ref target, VectorByteLength);
        Avx2.UnpackLow(high01, high23).AsByte().StoreUnsafe(ref target, 2 * VectorByteLength);
        Avx2.UnpackHigh(high01, high23).AsByte().StoreUnsafe(ref target, 3 * VectorByteLength);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> RowPair(ref byte row, nuint stride) => Vector256.Create(
        Vector128.LoadUnsafe(ref row), Vector128.LoadUnsafe(ref row, 4 * stride)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Read<T>(ref byte row, nuint offset)
        where T : unmanaged =>
        Unsafe.ReadUnaligned<T>(in Unsafe.AddByteOffset(ref row, offset));
}
