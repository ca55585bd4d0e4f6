namespace Chaku.Kernels.Ops;

/// <summary>Some rows of a matrix side by side, and back.</summary>
internal static class RowSelection
{
    /// <summary>selected[i] = x[rows[i]].</summary>
    /// <param name="x">[n, width].</param>
    /// <param name="rows">Numbers of rows, ascending.</param>
    /// <param name="width">Floats in a row.</param>
    /// <param name="selected">[rows, width]; may be the beginning of <paramref name="x"/>.</param>
    public static void Gather(ReadOnlySpan<float> x, ReadOnlySpan<int> rows, int width, Span<float> selected)
    {
        for (int i = 0; i < rows.Length; i++)
        {
            x.Slice(rows[i] * width, width).CopyTo(selected.Slice(i * width, width));
        }
    }

    /// <summary>x[rows[i]] = selected[i], and zero in all other rows.</summary>
    /// <param name="selected">[rows, width]; may not overlap <paramref name="x"/>.</param>
    /// <param name="rows">Numbers of rows, ascending.</param>
    /// <param name="width">Floats in a row.</param>
    /// <param name="x">[n, width], overwritten.</param>
    public static void Scatter(ReadOnlySpan<float> selected, ReadOnlySpan<int> rows, int width, Span<float> x)
    {
        selected[..(rows.Length * width)].CopyTo(x);
        Spread(x, rows, width);
    }

    /// <summary>The rows at the beginning move to where they belong; all other rows become zero.</summary>
    /// <param name="x">[n, width]: the selected rows, then anything.</param>
    /// <param name="rows">Numbers of rows, ascending.</param>
    /// <param name="width">Floats in a row.</param>
    public static void Spread(Span<float> x, ReadOnlySpan<int> rows, int width)
    {
        int end = x.Length;
        for (int i = rows.Length - 1; i >= 0; i--)
        {
            // What lies behind the target is no selected row any more: row i is at i or further.
            int target = rows[i] * width;
            x[(target + width)..end].Clear();
            x.Slice(i * width, width).CopyTo(x.Slice(target, width));
            end = target;
        }

        x[..end].Clear();
    }

    /// <summary>x[rows[i]] += selected[i].</summary>
    /// <param name="selected">[rows, width].</param>
    /// <param name="rows">Numbers of rows, each at most once.</param>
    /// <param name="width">Floats in a row.</param>
    /// <param name="x">[n, width], added to.</param>
    public static void AddScattered(ReadOnlySpan<float> selected, ReadOnlySpan<int> rows, int width, Span<float> x)
    {
        for (int i = 0; i < rows.Length; i++)
        {
            VectorMath.Add(selected.Slice(i * width, width), x.Slice(rows[i] * width, width));
        }
    }
}
