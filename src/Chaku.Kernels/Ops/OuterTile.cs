using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Ops;

/// <summary>
/// Sums of outer products over steps, in registers: sum[i, c] = fma(factor[i, step], row[step, c], sum[i, c]), step after
/// step. Each sum is one FMA chain that goes on from its value before, however it is tiled.
/// </summary>
internal static class OuterTile
{
    /// <summary>Sums' rows in the wide tile: 12 accumulators, 2 rows and a factor fill 15 registers.</summary>
    public const int Rows = 6;

    /// <summary>Sums' columns in the wide tile.</summary>
    public const int Columns = 2 * VectorMath.Width;

    /// <summary>Any number of sums: wide tiles first, then what is left, row by row.</summary>
    /// <param name="rows">[steps, columns] at <paramref name="rowStride"/>.</param>
    /// <param name="rowStride">Floats from one step's row to the next.</param>
    /// <param name="factors">factor[i, step] at i · <paramref name="factorStride"/> + step · <paramref name="stepStride"/>.</param>
    /// <param name="factorStride">Floats from one sum's factor to the next sum's.</param>
    /// <param name="stepStride">Floats from one step's factor to the next step's.</param>
    /// <param name="steps">Steps.</param>
    /// <param name="sums">[count, columns] at <paramref name="sumStride"/>.</param>
    /// <param name="sumStride">Floats from one row of sums to the next.</param>
    /// <param name="count">Rows of sums.</param>
    /// <param name="columns">Columns of sums.</param>
    public static void Add(
        ReadOnlySpan<float> rows,
        int rowStride,
        ReadOnlySpan<float> factors,
        int factorStride,
        int stepStride,
        int steps,
        Span<float> sums,
        int sumStride,
        int count,
        int columns)
    {
        int wideColumns = columns / Columns * Columns;
        int i = 0;
        for (; i + Rows <= count; i += Rows)
        {
            ReadOnlySpan<float> f = factors.Slice(i * factorStride, ((Rows - 1) * factorStride) + ((steps - 1) * stepStride) + 1);
            Span<float> s = sums.Slice(i * sumStride, ((Rows - 1) * sumStride) + columns);
            for (int c = 0; c < wideColumns; c += Columns)
            {
                _ = rows.Slice(c, ((steps - 1) * rowStride) + Columns);
                Add6x16(in rows[c], (nuint)rowStride, in f[0], (nuint)factorStride, (nuint)stepStride, steps, ref s[c], (nuint)sumStride);
            }

            for (int j = 0; j < Rows && wideColumns < columns; j++)
            {
                AddRow(rows[wideColumns..], rowStride, f[(j * factorStride)..], stepStride, steps, s.Slice((j * sumStride) + wideColumns, columns - wideColumns));
            }
        }

        for (; i < count; i++)
        {
            AddRow(rows, rowStride, factors[(i * factorStride)..], stepStride, steps, sums.Slice(i * sumStride, columns));
        }
    }

    /// <summary>The same chains for one row of sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddRow(
        ReadOnlySpan<float> rows, int rowStride, ReadOnlySpan<float> factors, int stepStride, int steps, Span<float> sums)
    {
        if (steps == 0)
        {
            return;
        }

        _ = rows.Slice(0, ((steps - 1) * rowStride) + sums.Length);
        _ = factors[(steps - 1) * stepStride];
        ref float factor = ref Unsafe.AsRef(in factors[0]);
        ref float row = ref Unsafe.AsRef(in rows[0]);
        ref float sum = ref sums[0];
        nuint c = 0;
        for (; c + (4 * VectorMath.Width) <= (nuint)sums.Length; c += 4 * VectorMath.Width)
        {
            Vector256<float> s0 = Vector256.LoadUnsafe(ref sum, c);
            Vector256<float> s1 = Vector256.LoadUnsafe(ref sum, c + VectorMath.Width);
            Vector256<float> s2 = Vector256.LoadUnsafe(ref sum, c + (2 * VectorMath.Width));
            Vector256<float> s3 = Vector256.LoadUnsafe(ref sum, c + (3 * VectorMath.Width));
            nuint at = c;
            for (nuint step = 0; step < (nuint)steps; step++, at += (nuint)rowStride)
            {
                Vector256<float> f = Vector256.Create(Unsafe.Add(ref factor, step * (nuint)stepStride));
                s0 = Vector256.FusedMultiplyAdd(f, Vector256.LoadUnsafe(ref row, at), s0);
                s1 = Vector256.FusedMultiplyAdd(f, Vector256.LoadUnsafe(ref row, at + VectorMath.Width), s1);
                s2 = Vector256.FusedMultiplyAdd(f, Vector256.LoadUnsafe(ref row, at + (2 * VectorMath.Width)), s2);
                s3 = Vector256.FusedMultiplyAdd(f, Vector256.LoadUnsafe(ref row, at + (3 * VectorMath.Width)), s3);
            }

            s0.StoreUnsafe(ref sum, c);
            s1.StoreUnsafe(ref sum, c + VectorMath.Width);
            s2.StoreUnsafe(ref sum, c + (2 * VectorMath.Width));
            s3.StoreUnsafe(ref sum, c + (3 * VectorMath.Width));
        }

        for (; c + VectorMath.Width <= (nuint)sums.Length; c += VectorMath.Width)
        {
            Vector256<float> s = Vector256.LoadUnsafe(ref sum, c);
            nuint at = c;
            for (nuint step = 0; step < (nuint)steps; step++, at += (nuint)rowStride)
            {
                Vector256<float> f = Vector256.Create(Unsafe.Add(ref factor, step * (nuint)stepStride));
                s = Vector256.FusedMultiplyAdd(f, Vector256.LoadUnsafe(ref row, at), s);
            }

            s.StoreUnsafe(ref sum, c);
        }

        for (; c < (nuint)sums.Length; c++)
        {
            float s = sums[(int)c];
            for (int step = 0; step < steps; step++)
            {
                s = MathF.FusedMultiplyAdd(factors[step * stepStride], rows[(step * rowStride) + (int)c], s);
            }

            sums[(int)c] = s;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add6x16(
        ref readonly float rows,
        nuint rowStride,
        ref readonly float factors,
        nuint factorStride,
        nuint stepStride,
        int steps,
        ref float sums,
        nuint sumStride)
    {
        const nuint Second = VectorMath.Width;
        ref float row = ref Unsafe.AsRef(in rows);
        ref float f0 = ref Unsafe.AsRef(in factors);
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
}
