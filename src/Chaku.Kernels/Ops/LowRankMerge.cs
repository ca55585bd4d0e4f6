using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>d ⊙ (W + scale · B · A), stored again: a low-rank change inside its matrix.</summary>
/// <remarks>
/// In float32, row by row: W is dequantised, scale · B[n, i] · A[i] is added for ascending i, as in
/// <see cref="RowNorms"/>, and the sum is multiplied with d.
/// </remarks>
internal static class LowRankMerge
{
    /// <summary>Merges some rows.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="weight">W [N, K], of any format.</param>
    /// <param name="change">The change of W.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="format">What rows are stored as; K is a multiple of its blocks.</param>
    /// <param name="rows">Whole rows in that format, overwritten.</param>
    /// <returns>What storing them lost; not finite where a value is no number or too large for the format.</returns>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static RoundingError Run(
        ComputePool pool, WeightMatrix weight, LowRankChange change, int firstRow, TensorFormat format, Span<byte> rows)
    {
        int rank = change.A.Length / weight.Columns;
        Shape.RequireLength(change.A.Length, (long)rank * weight.Columns, "a");
        Shape.RequireLength(change.TransposedB.Length, (long)rank * weight.Rows, "transposedB");
        Shape.RequireLength(
            change.RowScales.Length, change.RowScales.IsEmpty ? 0 : weight.Rows, "rowScales");
        return RowRounding.Run(
            pool, new MergedRows(weight, change, firstRow), weight.Columns, [], format, rows);
    }

    private readonly ref struct MergedRows(WeightMatrix weight, LowRankChange change, int firstRow) : IWeightRows
    {
        private readonly LowRankChange _change = change;

        public void Read(int row, Span<float> weights)
        {
            row += firstRow;
            weight.Dequantise(row, 0, weights);
            for (int i = 0; i < _change.A.Length / weights.Length; i++)
            {
                float factor = _change.Scale * _change.TransposedB[(i * weight.Rows) + row];
                VectorMath.AddScaled(factor, _change.A.Slice(i * weights.Length, weights.Length), weights);
            }

            if (!_change.RowScales.IsEmpty)
            {
                VectorMath.Scale(_change.RowScales[row], weights);
            }
        }
    }
}

/// <summary>A low-rank change of a matrix W [N, K]: d ⊙ (W + scale · B · A).</summary>
/// <param name="a">A [r, K].</param>
/// <param name="transposedB">Bᵀ [r, N].</param>
/// <param name="scale">What B · A is multiplied with.</param>
/// <param name="rowScales">[N]: d; empty where it is 1.</param>
internal readonly ref struct LowRankChange(
    ReadOnlySpan<float> a, ReadOnlySpan<float> transposedB, float scale, ReadOnlySpan<float> rowScales)
{
    /// <summary>A [r, K].</summary>
    public ReadOnlySpan<float> A { get; } = a;

    /// <summary>Bᵀ [r, N].</summary>
    public ReadOnlySpan<float> TransposedB { get; } = transposedB;

    /// <summary>What B · A is multiplied with.</summary>
    public float Scale { get; } = scale;

    /// <summary>[N]: d; empty where it is 1.</summary>
    public ReadOnlySpan<float> RowScales { get; } = rowScales;
}
