using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Ops;

/// <summary>How the factors of <see cref="PackedProduct"/> lie in their buffer.</summary>
internal interface IFactorLayout
{
    /// <summary>Floats from one row of factors to the next, in a tile.</summary>
    static abstract nuint RowStride { get; }

    /// <summary>Floats from one step to the next.</summary>
    static abstract nuint StepStride { get; }

    /// <summary>Floats of a tile.</summary>
    static abstract int TileLength(int steps);
}

/// <summary>Row after row, as a matrix lies whose steps are its columns.</summary>
internal readonly struct RowMajorFactors : IFactorLayout
{
    // Longer than a row's steps: rows must not fall on the same lines of the first cache.
    private const int Stride = PackedProduct.MostSteps + 8;

    public static nuint RowStride => Stride;

    public static nuint StepStride => 1;

    public static int TileLength(int steps) => PackedProduct.Rows * Stride;

    /// <summary>Packs [n, steps]; its columns are neighbours. What is missing in the last tile becomes zero.</summary>
    public static void Pack(StridedMatrix source, Span<float> packed)
    {
        for (int row = 0; row < source.RowCount; row++)
        {
            source.Row(row).CopyTo(packed[(row * Stride)..]);
        }

        int end = (source.RowCount + PackedProduct.Rows - 1) / PackedProduct.Rows * PackedProduct.Rows;
        for (int row = source.RowCount; row < end; row++)
        {
            packed.Slice(row * Stride, source.ColumnCount).Clear();
        }
    }
}

/// <summary>Step after step, as a matrix lies whose steps are its rows.</summary>
internal readonly struct StepMajorFactors : IFactorLayout
{
    public static nuint RowStride => 1;

    public static nuint StepStride => PackedProduct.Rows;

    public static int TileLength(int steps) => PackedProduct.Rows * steps;

    /// <summary>Packs [steps, n]; its columns are neighbours. What is missing in the last tile becomes zero.</summary>
    public static void Pack(StridedMatrix source, Span<float> packed)
    {
        int steps = source.RowCount;
        for (int step = 0; step < steps; step++)
        {
            ReadOnlySpan<float> row = source.Row(step);
            int first = 0;
            for (; first + PackedProduct.Rows <= row.Length; first += PackedProduct.Rows)
            {
                Span<float> target = packed.Slice((first * steps) + (step * PackedProduct.Rows), PackedProduct.Rows);
                row.Slice(first, PackedProduct.Rows).CopyTo(target);
            }

            if (first < row.Length)
            {
                Span<float> target = packed.Slice((first * steps) + (step * PackedProduct.Rows), PackedProduct.Rows);
                row[first..].CopyTo(target);
                target[(row.Length - first)..].Clear();
            }
        }
    }
}

/// <summary>
/// sums += factors · rows for matrices that are packed first: sum[i, c] = fma(factor[i, step], row[step, c], sum[i,
/// c]),
/// step after step. Each sum is one FMA chain that goes on from its value before, however it is tiled.
/// </summary>
/// <remarks>
/// Packing pays where both are used more than once: 16 columns of rows stay in the first cache while factors stream by
/// from the second, and the strides of the matrices, often powers of two, no longer matter.
/// Source of the blocking: Goto and van de Geijn, doi:10.1145/1356052.1356053.
/// </remarks>
internal static class PackedProduct
{
    /// <summary>Sums' rows in a tile: 12 accumulators, 2 rows and a factor fill 15 registers.</summary>
    public const int Rows = 6;

    /// <summary>Sums' columns in a tile.</summary>
    public const int Columns = 2 * VectorMath.Width;

    /// <summary>Steps that are packed at a time, at most: 16 columns of them fill half of the first cache.</summary>
    public const int MostSteps = 256;

    /// <summary>Rows of factors to be packed at a time: with all steps they fill a part of the second cache.</summary>
    public const int RowBlock = 16 * Rows;

    /// <summary>
    /// Columns to be packed at a time: a block of the K-quants; with all steps, half of the second cache.
    /// </summary>
    public const int ColumnBlock = 256;

    /// <summary>Floats of packed factors at most.</summary>
    public static int FactorLength => RowBlock / Rows * RowMajorFactors.TileLength(MostSteps);

    /// <summary>Floats of packed rows at most.</summary>
    public static int RowLength => MostSteps * ColumnBlock;

    /// <summary>Packs one of the rows; columns that are missing in the last tile become zero.</summary>
    /// <param name="row">[columns].</param>
    /// <param name="step">The row's number.</param>
    /// <param name="steps">How many are packed.</param>
    /// <param name="packed">[columns / 16, steps, 16].</param>
    public static void PackRow(ReadOnlySpan<float> row, int step, int steps, Span<float> packed)
    {
        int column = 0;
        int target = step * Columns;
        for (; column + Columns <= row.Length; column += Columns, target += steps * Columns)
        {
            Span<float> tile = packed.Slice(target, Columns);
            VectorMath.Load(row, column).CopyTo(tile);
            VectorMath.Load(row, column + VectorMath.Width).CopyTo(tile[VectorMath.Width..]);
        }

        if (column < row.Length)
        {
            Span<float> tile = packed.Slice(target, Columns);
            row[column..].CopyTo(tile);
            tile[(row.Length - column)..].Clear();
        }
    }

    /// <summary>sums += factors · rows.</summary>
    /// <param name="factors">Packed, [n, steps].</param>
    /// <param name="rows">Packed, [steps, columns].</param>
    /// <param name="steps">Steps.</param>
    /// <param name="sums">[n, columns] at <paramref name="sumStride"/>; may not overlap the others.</param>
    /// <param name="rowCount">n.</param>
    /// <param name="columnCount">Columns.</param>
    /// <param name="sumStride">Floats from one row of sums to the next.</param>
    /// <exception cref="ArgumentException">Shapes leave their spans.</exception>
    public static void Add<TFactors>(
        ReadOnlySpan<float> factors,
        ReadOnlySpan<float> rows,
        int steps,
        Span<float> sums,
        int rowCount,
        int columnCount,
        int sumStride)
        where TFactors : struct, IFactorLayout
    {
        Shape.RequireStrides(sums.Length, rowCount, columnCount, sumStride, columnStride: 1);
        int tileLength = TFactors.TileLength(steps);
        Span<float> edge = stackalloc float[Rows * Columns];
        edge.Clear();
        for (int column = 0; column < columnCount; column += Columns)
        {
            int width = Math.Min(Columns, columnCount - column);
            ReadOnlySpan<float> panel = rows.Slice(column * steps, Columns * steps);
            for (int row = 0; row < rowCount; row += Rows)
            {
                int height = Math.Min(Rows, rowCount - row);
                ReadOnlySpan<float> tile = factors.Slice(row / Rows * tileLength, tileLength);
                Span<float> target = sums[((row * sumStride) + column)..];
                if (height == Rows && width == Columns)
                {
                    AddTile<TFactors>(tile, panel, steps, ref MemoryMarshal.GetReference(target), (nuint)sumStride);
                    continue;
                }

                Copy(target, sumStride, edge, Columns, height, width);
                AddTile<TFactors>(tile, panel, steps, ref MemoryMarshal.GetReference(edge), Columns);
                Copy(edge, Columns, target, sumStride, height, width);
            }
        }
    }

    private static void Copy(
        ReadOnlySpan<float> source, int sourceStride, Span<float> target, int targetStride, int height, int width)
    {
        for (int row = 0; row < height; row++)
        {
            source.Slice(row * sourceStride, width).CopyTo(target.Slice(row * targetStride, width));
        }
    }

    // The loop is compiled fully at once: before tier 1 it runs ten times slower.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void AddTile<TFactors>(
        ReadOnlySpan<float> factors, ReadOnlySpan<float> rows, int steps, ref float sums, nuint sumStride)
        where TFactors : struct, IFactorLayout
    {
        const nuint Second = VectorMath.Width;
        ref float factor = ref MemoryMarshal.GetReference(factors);
        ref float row = ref MemoryMarshal.GetReference(rows);
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
        for (int step = 0; step < steps; step++)
        {
            Vector256<float> low = Vector256.LoadUnsafe(ref row);
            Vector256<float> high = Vector256.LoadUnsafe(ref row, Second);
            Vector256<float> f = Vector256.Create(factor);
            a00 = Vector256.FusedMultiplyAdd(f, low, a00);
            a01 = Vector256.FusedMultiplyAdd(f, high, a01);
            f = Vector256.Create(Unsafe.Add(ref factor, TFactors.RowStride));
            a10 = Vector256.FusedMultiplyAdd(f, low, a10);
            a11 = Vector256.FusedMultiplyAdd(f, high, a11);
            f = Vector256.Create(Unsafe.Add(ref factor, 2 * TFactors.RowStride));
            a20 = Vector256.FusedMultiplyAdd(f, low, a20);
            a21 = Vector256.FusedMultiplyAdd(f, high, a21);
            f = Vector256.Create(Unsafe.Add(ref factor, 3 * TFactors.RowStride));
            a30 = Vector256.FusedMultiplyAdd(f, low, a30);
            a31 = Vector256.FusedMultiplyAdd(f, high, a31);
            f = Vector256.Create(Unsafe.Add(ref factor, 4 * TFactors.RowStride));
            a40 = Vector256.FusedMultiplyAdd(f, low, a40);
            a41 = Vector256.FusedMultiplyAdd(f, high, a41);
            f = Vector256.Create(Unsafe.Add(ref factor, 5 * TFactors.RowStride));
            a50 = Vector256.FusedMultiplyAdd(f, low, a50);
            a51 = Vector256.FusedMultiplyAdd(f, high, a51);
            factor = ref Unsafe.Add(ref factor, TFactors.StepStride);
            row = ref Unsafe.Add(ref row, Columns);
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
