namespace Chaku.Kernels.Ops;

/// <summary>y = x ⊙ scale, for each row.</summary>
internal static class RowScale
{
    /// <summary>rows ⊙= scale. The gradient of the rows is the same product.</summary>
    /// <param name="scale">[D].</param>
    /// <param name="rows">[T, D], float32.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Apply(ReadOnlySpan<float> scale, Span<float> rows)
    {
        Shape.RequireLength(rows.Length, (long)(rows.Length / Math.Max(1, scale.Length)) * scale.Length, nameof(rows));
        for (int start = 0; start < rows.Length; start += scale.Length)
        {
            Span<float> row = rows.Slice(start, scale.Length);
            for (int i = 0; i < row.Length; i++)
            {
                row[i] *= scale[i];
            }
        }
    }

    /// <summary>dScale += Σ over rows, ascending, of dy · x.</summary>
    /// <param name="x">[T, D], the rows before they were scaled.</param>
    /// <param name="dy">[T, D].</param>
    /// <param name="dScale">[D], added to.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void BackwardScale(ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> dScale)
    {
        Shape.RequireLength(dy.Length, (long)(dy.Length / Math.Max(1, dScale.Length)) * dScale.Length, nameof(dy));
        Shape.RequireLength(x.Length, dy.Length, nameof(x));
        for (int start = 0; start < dy.Length; start += dScale.Length)
        {
            for (int i = 0; i < dScale.Length; i++)
            {
                dScale[i] = MathF.FusedMultiplyAdd(dy[start + i], x[start + i], dScale[i]);
            }
        }
    }
}
