using System.Runtime.CompilerServices;

namespace Chaku.Kernels.Ops;

/// <summary>Checks of shapes at the public methods of operations.</summary>
internal static class Shape
{
    /// <summary>Refuses a span of another length.</summary>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RequireLength(long actual, long expected, string name)
    {
        if (actual != expected)
        {
            Throw(actual, expected, name);
        }
    }

    /// <summary>Refuses strides that leave a span.</summary>
    /// <exception cref="ArgumentException">The last element is outside; the message has the numbers.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RequireStrides(int length, int rowCount, int columnCount, int rowStride, int columnStride)
    {
        bool isEmpty = rowCount == 0 || columnCount == 0;
        long last = ((rowCount - 1L) * rowStride) + ((columnCount - 1L) * columnStride);
        if ((rowCount | columnCount | rowStride | columnStride) < 0 || (!isEmpty && last >= length))
        {
            ThrowStrides(length, rowCount, columnCount, rowStride, columnStride);
        }
    }

    private static void ThrowStrides(int length, int rowCount, int columnCount, int rowStride, int columnStride) =>
        throw new ArgumentException(
            $"[{rowCount}, {columnCount}] with strides {rowStride} and {columnStride} leaves {length} values");

    private static void Throw(long actual, long expected, string name) =>
        throw new ArgumentException($"expected {expected} values, got {actual}", name);
}
