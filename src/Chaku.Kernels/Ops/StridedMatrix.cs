using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Chaku.Kernels.Ops;

/// <summary>
/// A matrix of floats that lies in a span: element [row, column] is at row · row stride + column · column stride.
/// </summary>
internal readonly ref struct StridedMatrix
{
    private readonly ReadOnlySpan<float> _values;

    /// <summary>A view that was checked once: every element lies in the span.</summary>
    /// <param name="values">Begins at element [0, 0].</param>
    /// <param name="rowCount">Rows.</param>
    /// <param name="columnCount">Columns.</param>
    /// <param name="rowStride">Floats from one row to the next.</param>
    /// <param name="columnStride">Floats from one column to the next.</param>
    /// <exception cref="ArgumentException">The last element is outside the span.</exception>
    public StridedMatrix(
        ReadOnlySpan<float> values, int rowCount, int columnCount, int rowStride, int columnStride = 1)
    {
        Shape.RequireStrides(values.Length, rowCount, columnCount, rowStride, columnStride);
        _values = values;
        RowCount = rowCount;
        ColumnCount = columnCount;
        RowStride = rowStride;
        ColumnStride = columnStride;
    }

    /// <summary>Rows.</summary>
    public int RowCount { get; }

    /// <summary>Columns.</summary>
    public int ColumnCount { get; }

    /// <summary>Floats from one row to the next.</summary>
    public int RowStride { get; }

    /// <summary>Floats from one column to the next.</summary>
    public int ColumnStride { get; }

    /// <summary>The same floats, with rows and columns exchanged.</summary>
    public StridedMatrix Transposed => new(_values, ColumnCount, RowCount, ColumnStride, RowStride);

    /// <summary>A row of a matrix whose columns are neighbours.</summary>
    public ReadOnlySpan<float> Row(int row) => _values.Slice(row * RowStride, ColumnCount);

    /// <summary>The element [row, column], which the caller knows to be one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref float At(int row, int column) => ref Unsafe.Add(
        ref MemoryMarshal.GetReference(_values), ((nint)row * RowStride) + ((nint)column * ColumnStride));
}
