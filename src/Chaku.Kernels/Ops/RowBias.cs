namespace Chaku.Kernels.Ops;

/// <summary>y = x + bias, for each row.</summary>
internal static class RowBias
{
    /// <summary>rows += bias.</summary>
    /// <param name="bias">[D].</param>
    /// <param name="rows">[T, D], float32.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Forward(ReadOnlySpan<float> bias, Span<float> rows)
    {
        Shape.RequireLength(rows.Length, (long)(rows.Length / Math.Max(1, bias.Length)) * bias.Length, nameof(rows));
        for (int start = 0; start < rows.Length; start += bias.Length)
        {
            VectorMath.Add(bias, rows.Slice(start, bias.Length));
        }
    }

    /// <summary>dBias += Σ over rows, ascending, of dy. The gradient of the rows is dy itself.</summary>
    /// <param name="dy">[T, D].</param>
    /// <param name="dBias">[D], added to.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Backward(ReadOnlySpan<float> dy, Span<float> dBias)
    {
        Shape.RequireLength(dy.Length, (long)(dy.Length / Math.Max(1, dBias.Length)) * dBias.Length, nameof(dy));
        for (int start = 0; start < dy.Length; start += dBias.Length)
        {
            VectorMath.Add(dy.Slice(start, dBias.Length), dBias);
        }
    }
}
