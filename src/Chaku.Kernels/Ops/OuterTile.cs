using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Ops;

/// <summary>
/// Sums of outer products over steps, in registers: sum[i, c] = fma(factor[i, step], row[step, c], sum[i, c]), step
/// after step. Each sum is one FMA chain that goes on from its value before, however it is tiled.
/// </summary>
internal static class OuterTile
{
    /// <summary>Sums' rows in the wide tile: 12 accumulators, 2 rows and a factor fill 15 registers.</summary>
    public const int Rows = 6;

    private const int FewRows = 4;

    /// <summary>Sums' columns in the wide tile.</summary>
    public const int Columns = 2 * VectorMath.Width;

    /// <summary>sums += factors · rows, of any shape: wide tiles first, then what is left, row by row.</summary>
    /// <param name="factors">[n, steps].</param>
    /// <param name="rows">[steps, columns]; its columns are neighbours.</param>
    /// <param name="sums">[n, columns] at <paramref name="sumStride"/>; may not overlap the others.</param>
    /// <param name="sumStride">Floats from one row of sums to the next.</param>
    /// <exception cref="ArgumentException">Shapes disagree, or leave their spans.</exception>
    public static void Add(StridedMatrix factors, StridedMatrix rows, Span<float> sums, int sumStride)
    {
        int count = factors.RowCount;
        int columns = rows.ColumnCount;
        Shape.RequireLength(factors.ColumnCount, rows.RowCount, nameof(factors));
        Shape.RequireLength(rows.ColumnStride, 1, nameof(rows));
        Shape.RequireStrides(sums.Length, count, columns, sumStride, columnStride: 1);
        int wideColumns = columns / Columns * Columns;
        int i = 0;
        for (int tile; (tile = TileRows(count - i)) > 1; i += tile)
        {
            for (int c = 0; c < wideColumns; c += Columns)
            {
                ref float sum = ref sums[(i * sumStride) + c];
                if (tile == Rows)
                {
                    Add6x16(factors, i, rows, c, ref sum, (nuint)sumStride);
                }
                else
                {
                    Add4x16(factors, i, rows, c, ref sum, (nuint)sumStride);
                }
            }

            for (int j = i; j < i + tile && wideColumns < columns; j++)
            {
                AddRow(factors, j, rows, wideColumns, sums.Slice((j * sumStride) + wideColumns, columns - wideColumns));
            }
        }

        for (; i < count; i++)
        {
            AddRow(factors, i, rows, 0, sums.Slice(i * sumStride, columns));
        }
    }

    // Six rows, or four where that leaves fewer over; 1 where single rows are left.
    private static int TileRows(int count) => count switch
    {
        < FewRows => 1,
        FewRows or FewRows + 1 or 2 * FewRows or (2 * FewRows) + 1 => FewRows,
        _ => Rows,
    };

    // One row of sums, from a column on.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void AddRow(StridedMatrix factors, int i, StridedMatrix rows, int column, Span<float> sums)
    {
        ref float factor = ref factors.At(i, 0);
        ref float row = ref rows.At(0, column);
        ref float sum = ref MemoryMarshal.GetReference(sums);
        nuint rowStride = (nuint)rows.RowStride;
        nuint stepStride = (nuint)factors.ColumnStride;
        nuint end = (nuint)rows.RowCount * stepStride;
        nuint c = 0;
        for (; c + (4 * VectorMath.Width) <= (nuint)sums.Length; c += 4 * VectorMath.Width)
        {
            Vector256<float> s0 = Vector256.LoadUnsafe(ref sum, c);
            Vector256<float> s1 = Vector256.LoadUnsafe(ref sum, c + VectorMath.Width);
            Vector256<float> s2 = Vector256.LoadUnsafe(ref sum, c + (2 * VectorMath.Width));
            Vector256<float> s3 = Vector256.LoadUnsafe(ref sum, c + (3 * VectorMath.Width));
            nuint r = c;
            for (nuint at = 0; at < end; at += stepStride, r += rowStride)
            {
                Vector256<float> f = Vector256.Create(Unsafe.Add(ref factor, at));
                s0 = Vector256.FusedMultiplyAdd(f, Vector256.LoadUnsafe(ref row, r), s0);
                s1 = Vector256.FusedMultiplyAdd(f, Vector256.LoadUnsafe(ref row, r + VectorMath.Width), s1);
                s2 = Vector256.FusedMultiplyAdd(f, Vector256.LoadUnsafe(ref row, r + (2 * VectorMath.Width)), s2);
                s3 = Vector256.FusedMultiplyAdd(f, Vector256.LoadUnsafe(ref row, r + (3 * VectorMath.Width)), s3);
            }

            s0.StoreUnsafe(ref sum, c);
            s1.StoreUnsafe(ref sum, c + VectorMath.Width);
            s2.StoreUnsafe(ref sum, c + (2 * VectorMath.Width));
            s3.StoreUnsafe(ref sum, c + (3 * VectorMath.Width));
        }

        for (; c + VectorMath.Width <= (nuint)sums.Length; c += VectorMath.Width)
        {
            Vector256<float> s = Vector256.LoadUnsafe(ref sum, c);
            nuint r = c;
            for (nuint at = 0; at < end; at += stepStride, r += rowStride)
            {
                Vector256<float> f = Vector256.Create(Unsafe.Add(ref factor, at));
                s = Vector256.FusedMultiplyAdd(f, Vector256.LoadUnsafe(ref row, r), s);
            }

            s.StoreUnsafe(ref sum, c);
        }

        for (; c < (nuint)sums.Length; c++)
        {
            float s = Unsafe.Add(ref sum, c);
            nuint r = c;
            for (nuint at = 0; at < end; at += stepStride, r += rowStride)
            {
                s = MathF.FusedMultiplyAdd(Unsafe.Add(ref factor, at), Unsafe.Add(ref row, r), s);
            }

            Unsafe.Add(ref sum, c) = s;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Add6x16(
        StridedMatrix factors, int i, StridedMatrix rows, int column, ref float sums, nuint sumStride)
    {
        const nuint Second = VectorMath.Width;
        int steps = rows.RowCount;
        nuint rowStride = (nuint)rows.RowStride;
        nuint factorStride = (nuint)factors.RowStride;
        nuint stepStride = (nuint)factors.ColumnStride;
        ref float row = ref rows.At(0, column);
        ref float f0 = ref factors.At(i, 0);
        ref float f1 = ref Unsafe.Add(ref f0, factorStride);
        ref float f2 = ref Unsafe.Add(ref f1, factorStride);
        ref float f3 = ref Unsafe.Add(ref f2, factorStride);
        ref float f4 = ref Unsafe.Add(ref f3, factorStride);
        ref float f5 = ref Unsafe.Add(ref f4, factorStride);
        ref float s1 = ref Unsafe.Add(ref sums, sumStride);
        ref float s2 = ref Unsafe.Add(ref s1, sumStride);
        ref float s3 = ref Unsafe.Add(ref s2, sumStride);
        ref float s4 = ref Unsafe.Add(ref s3, sumStride);
        ref float s5 = ref Unsafe.Add(ref s4, sumStride);
        Vector256<float> a00 = Vector256.LoadUnsafe(ref sums), a01 = Vector256.LoadUnsafe(ref sums, Second);
        Vector256<float> a10 = Vector256.LoadUnsafe(ref s1), a11 = Vector256.LoadUnsafe(ref s1, Second);
        Vector256<float> a20 = Vector256.LoadUnsafe(ref s2), a21 = Vector256.LoadUnsafe(ref s2, Second);
        Vector256<float> a30 = Vector256.LoadUnsafe(ref s3), a31 = Vector256.LoadUnsafe(ref s3, Second);
        Vector256<float> a40 = Vector256.LoadUnsafe(ref s4), a41 = Vector256.LoadUnsafe(ref s4, Second);
        Vector256<float> a50 = Vector256.LoadUnsafe(ref s5), a51 = Vector256.LoadUnsafe(ref s5, Second);
        nuint at = 0;
        nuint r = 0;
        for (int step = 0; step < steps; step++, at += stepStride, r += rowStride)
        {
            Vector256<float> low = Vector256.LoadUnsafe(ref row, r);
            Vector256<float> high = Vector256.LoadUnsafe(ref row, r + Second);
            Vector256<float> f = Vector256.Create(Unsafe.Add(ref f0, at));
            a00 = Vector256.FusedMultiplyAdd(f, low, a00);
            a01 = Vector256.FusedMultiplyAdd(f, high, a01);
            f = Vector256.Create(Unsafe.Add(ref f1, at));
            a10 = Vector256.FusedMultiplyAdd(f, low, a10);
            a11 = Vector256.FusedMultiplyAdd(f, high, a11);
            f = Vector256.Create(Unsafe.Add(ref f2, at));
            a20 = Vector256.FusedMultiplyAdd(f, low, a20);
            a21 = Vector256.FusedMultiplyAdd(f, high, a21);
            f = Vector256.Create(Unsafe.Add(ref f3, at));
            a30 = Vector256.FusedMultiplyAdd(f, low, a30);
            a31 = Vector256.FusedMultiplyAdd(f, high, a31);
            f = Vector256.Create(Unsafe.Add(ref f4, at));
            a40 = Vector256.FusedMultiplyAdd(f, low, a40);
            a41 = Vector256.FusedMultiplyAdd(f, high, a41);
            f = Vector256.Create(Unsafe.Add(ref f5, at));
            a50 = Vector256.FusedMultiplyAdd(f, low, a50);
            a51 = Vector256.FusedMultiplyAdd(f, high, a51);
        }

        a00.StoreUnsafe(ref sums);
        a01.StoreUnsafe(ref sums, Second);
        a10.StoreUnsafe(ref s1);
        a11.StoreUnsafe(ref s1, Second);
        a20.StoreUnsafe(ref s2);
        a21.StoreUnsafe(ref s2, Second);
        a30.StoreUnsafe(ref s3);
        a31.StoreUnsafe(ref s3, Second);
        a40.StoreUnsafe(ref s4);
        a41.StoreUnsafe(ref s4, Second);
        a50.StoreUnsafe(ref s5);
        a51.StoreUnsafe(ref s5, Second);
    }

    // As Add6x16, for four rows of sums: two vectors of eight chains still hide the latency of the multiply-add.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Add4x16(
        StridedMatrix factors, int i, StridedMatrix rows, int column, ref float sums, nuint sumStride)
    {
        const nuint Second = VectorMath.Width;
        int steps = rows.RowCount;
        nuint rowStride = (nuint)rows.RowStride;
        nuint factorStride = (nuint)factors.RowStride;
        nuint stepStride = (nuint)factors.ColumnStride;
        ref float row = ref rows.At(0, column);
        ref float f0 = ref factors.At(i, 0);
        ref float f1 = ref Unsafe.Add(ref f0, factorStride);
        ref float f2 = ref Unsafe.Add(ref f1, factorStride);
        ref float f3 = ref Unsafe.Add(ref f2, factorStride);
        ref float s1 = ref Unsafe.Add(ref sums, sumStride);
        ref float s2 = ref Unsafe.Add(ref s1, sumStride);
        ref float s3 = ref Unsafe.Add(ref s2, sumStride);
        Vector256<float> a00 = Vector256.LoadUnsafe(ref sums), a01 = Vector256.LoadUnsafe(ref sums, Second);
        Vector256<float> a10 = Vector256.LoadUnsafe(ref s1), a11 = Vector256.LoadUnsafe(ref s1, Second);
        Vector256<float> a20 = Vector256.LoadUnsafe(ref s2), a21 = Vector256.LoadUnsafe(ref s2, Second);
        Vector256<float> a30 = Vector256.LoadUnsafe(ref s3), a31 = Vector256.LoadUnsafe(ref s3, Second);
        nuint at = 0;
        nuint r = 0;
        for (int step = 0; step < steps; step++, at += stepStride, r += rowStride)
        {
            Vector256<float> low = Vector256.LoadUnsafe(ref row, r);
            Vector256<float> high = Vector256.LoadUnsafe(ref row, r + Second);
            Vector256<float> f = Vector256.Create(Unsafe.Add(ref f0, at));
            a00 = Vector256.FusedMultiplyAdd(f, low, a00);
            a01 = Vector256.FusedMultiplyAdd(f, high, a01);
            f = Vector256.Create(Unsafe.Add(ref f1, at));
            a10 = Vector256.FusedMultiplyAdd(f, low, a10);
            a11 = Vector256.FusedMultiplyAdd(f, high, a11);
            f = Vector256.Create(Unsafe.Add(ref f2, at));
            a20 = Vector256.FusedMultiplyAdd(f, low, a20);
            a21 = Vector256.FusedMultiplyAdd(f, high, a21);
            f = Vector256.Create(Unsafe.Add(ref f3, at));
            a30 = Vector256.FusedMultiplyAdd(f, low, a30);
            a31 = Vector256.FusedMultiplyAdd(f, high, a31);
        }

        a00.StoreUnsafe(ref sums);
        a01.StoreUnsafe(ref sums, Second);
        a10.StoreUnsafe(ref s1);
        a11.StoreUnsafe(ref s1, Second);
        a20.StoreUnsafe(ref s2);
        a21.StoreUnsafe(ref s2, Second);
        a30.StoreUnsafe(ref s3);
        a31.StoreUnsafe(ref s3, Second);
    }
}
