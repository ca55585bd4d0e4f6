using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Ops;

namespace Chaku.Kernels.Formats;

/// <summary>
/// Inner products of four weight rows with one token: the rows are read once, where they lie, in their own type.
/// </summary>
/// <remarks>The same chains in the same order as <see cref="InnerTile"/>: the same bits.</remarks>
internal abstract class RowKernel
{
    /// <summary>Rows that are multiplied at a time.</summary>
    public const int Rows = InnerTile.Rows;

    /// <summary>Columns are a multiple of this.</summary>
    public const int ColumnMultiple = VectorMath.Width;

    /// <summary>y[r] = weight row r · x.</summary>
    /// <param name="rows">[4, K].</param>
    /// <param name="x">[K].</param>
    /// <param name="y">[4], overwritten.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public abstract void Multiply(ReadOnlySpan<byte> rows, ReadOnlySpan<float> x, Span<float> y);
}

/// <summary>The products of rows of one type.</summary>
internal sealed class RowKernel<TRows> : RowKernel
    where TRows : struct, IFloatRows
{
    private const int Unrolled = 4 * ColumnMultiple;

    public override void Multiply(ReadOnlySpan<byte> rows, ReadOnlySpan<float> x, Span<float> y)
    {
        Shape.RequireLength(x.Length % ColumnMultiple, 0, nameof(x));
        Shape.RequireLength(rows.Length, Rows * (long)x.Length * (long)TRows.ByteLength, nameof(rows));
        Sums(rows, x).CopyTo(y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Vector128<float> Sums(ReadOnlySpan<byte> rows, ReadOnlySpan<float> x)
    {
        ref float token = ref MemoryMarshal.GetReference(x);
        nuint stride = (nuint)x.Length * TRows.ByteLength;
        ref byte w0 = ref MemoryMarshal.GetReference(rows);
        ref byte w1 = ref Unsafe.AddByteOffset(ref w0, stride);
        ref byte w2 = ref Unsafe.AddByteOffset(ref w1, stride);
        ref byte w3 = ref Unsafe.AddByteOffset(ref w2, stride);

        // The next four rows, into the second cache: in rows of a page there is little to look ahead to in the same
        // row.
        nuint ahead = Rows * stride;
        Vector128<float> total = Vector128<float>.Zero;
        nuint k = 0;
        while (k < (nuint)x.Length)
        {
            nuint start = k;
            nuint end = Math.Min(k + FloatMatmul.ChunkLength, (nuint)x.Length);
            Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default;
            Vector256<ushort> magnitudes = default;
            for (; k + Unrolled <= end; k += Unrolled)
            {
                CacheLines.Fetch(ref w0, (k * TRows.ByteLength) + ahead, Unrolled * (int)TRows.ByteLength);
                CacheLines.Fetch(ref w1, (k * TRows.ByteLength) + ahead, Unrolled * (int)TRows.ByteLength);
                CacheLines.Fetch(ref w2, (k * TRows.ByteLength) + ahead, Unrolled * (int)TRows.ByteLength);
                CacheLines.Fetch(ref w3, (k * TRows.ByteLength) + ahead, Unrolled * (int)TRows.ByteLength);
                for (nuint i = k; i < k + Unrolled; i += 2 * VectorMath.Width)
                {
                    magnitudes = TRows.Magnitudes(magnitudes, ref w0, i);
                    magnitudes = TRows.Magnitudes(magnitudes, ref w1, i);
                    magnitudes = TRows.Magnitudes(magnitudes, ref w2, i);
                    magnitudes = TRows.Magnitudes(magnitudes, ref w3, i);
                    Vector256<float> t = Vector256.LoadUnsafe(ref token, i);
                    a0 = Vector256.FusedMultiplyAdd(TRows.LoadFinite(ref w0, i), t, a0);
                    a1 = Vector256.FusedMultiplyAdd(TRows.LoadFinite(ref w1, i), t, a1);
                    a2 = Vector256.FusedMultiplyAdd(TRows.LoadFinite(ref w2, i), t, a2);
                    a3 = Vector256.FusedMultiplyAdd(TRows.LoadFinite(ref w3, i), t, a3);
                    t = Vector256.LoadUnsafe(ref token, i + VectorMath.Width);
                    a0 = Vector256.FusedMultiplyAdd(TRows.LoadFinite(ref w0, i + VectorMath.Width), t, a0);
                    a1 = Vector256.FusedMultiplyAdd(TRows.LoadFinite(ref w1, i + VectorMath.Width), t, a1);
                    a2 = Vector256.FusedMultiplyAdd(TRows.LoadFinite(ref w2, i + VectorMath.Width), t, a2);
                    a3 = Vector256.FusedMultiplyAdd(TRows.LoadFinite(ref w3, i + VectorMath.Width), t, a3);
                }
            }

            if (!Fp16.AreFinite(magnitudes))
            {
                k = start;
                a0 = a1 = a2 = a3 = default;
            }

            for (; k < end; k += VectorMath.Width)
            {
                Vector256<float> t = Vector256.LoadUnsafe(ref token, k);
                a0 = Vector256.FusedMultiplyAdd(TRows.Load(ref w0, k), t, a0);
                a1 = Vector256.FusedMultiplyAdd(TRows.Load(ref w1, k), t, a1);
                a2 = Vector256.FusedMultiplyAdd(TRows.Load(ref w2, k), t, a2);
                a3 = Vector256.FusedMultiplyAdd(TRows.Load(ref w3, k), t, a3);
            }

            total += InnerTile.SumFour(a0, a1, a2, a3);
        }

        return total;
    }
}
