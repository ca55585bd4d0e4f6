namespace Chaku.Kernels.Ops;

/// <summary>How operations on independent rows are divided into items.</summary>
internal static class RowWork
{
    /// <summary>Floats that are worth handing to another thread.</summary>
    private const int FloatsPerItem = 16384;

    /// <summary>Rows in one item; at least 1.</summary>
    /// <param name="width">Floats in a row.</param>
    public static int RowsPerItem(int width) => Math.Max(1, FloatsPerItem / Math.Max(width, 1));

    /// <summary>Items for <paramref name="rowCount"/> rows.</summary>
    public static int ItemCount(int rowCount, int width)
    {
        int rowsPerItem = RowsPerItem(width);
        return (rowCount + rowsPerItem - 1) / rowsPerItem;
    }
}
