using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>d ⊙ (W + scale · B · A), stored again: a low-rank change inside its matrix.</summary>
/// <remarks>
/// In float32, row by row: W is dequantised, scale · B[n, i] · A[i] is added for ascending i, as in
/// <see cref="RowNorms"/>, and the sum is multiplied with d. A row is one thread's: bytes do not depend on how many
/// there are.
/// </remarks>
internal static class LowRankMerge
{
    private const int LeastWeightsPerItem = 1 << 14;

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
        int rowByteLength = checked((int)format.ByteLength(weight.Columns));
        int count = rows.Length / rowByteLength;
        int rank = change.A.Length / weight.Columns;
        Shape.RequireLength(rows.Length, (long)count * rowByteLength, nameof(rows));
        Shape.RequireLength(change.A.Length, (long)rank * weight.Columns, "a");
        Shape.RequireLength(change.TransposedB.Length, (long)rank * weight.Rows, "transposedB");
        Shape.RequireLength(
            change.RowScales.Length, change.RowScales.IsEmpty ? 0 : weight.Rows, "rowScales");
        int rowsPerItem = Math.Max(1, LeastWeightsPerItem / weight.Columns);
        RoundingError[] errors = new RoundingError[(count + rowsPerItem - 1) / rowsPerItem];
        Work work = new(weight, change, firstRow, count, rowsPerItem, format, rows, errors);
        pool.Run(errors.Length, ref work);
        return errors.Aggregate(default(RoundingError), (sum, item) => sum + item);
    }

    private readonly ref struct Work(
        WeightMatrix weight,
        LowRankChange change,
        int firstRow,
        int count,
        int rowsPerItem,
        TensorFormat format,
        Span<byte> rows,
        RoundingError[] errors) : IParallelWork
    {
        private readonly LowRankChange _change = change;
        private readonly Span<byte> _rows = rows;

        public void Execute(int index, Scratch scratch)
        {
            int byteLength = (int)format.ByteLength(weight.Columns);
            Span<float> sum = scratch.Singles(weight.Columns);
            Span<float> stored = scratch.Singles(weight.Columns);
            int end = Math.Min(count, (index + 1) * rowsPerItem);
            for (int row = index * rowsPerItem; row < end; row++)
            {
                Merge(firstRow + row, sum);
                Span<byte> blocks = _rows.Slice(row * byteLength, byteLength);
                format.Quantise(sum, [], blocks);
                format.Dequantise(blocks, stored);
                errors[index] += RoundingError.Of(sum, stored);
            }
        }

        private void Merge(int row, Span<float> sum)
        {
            int columns = weight.Columns;
            weight.Dequantise(row, 0, sum);
            for (int i = 0; i < _change.A.Length / columns; i++)
            {
                float factor = _change.Scale * _change.TransposedB[(i * weight.Rows) + row];
                VectorMath.AddScaled(factor, _change.A.Slice(i * columns, columns), sum);
            }

            if (!_change.RowScales.IsEmpty)
            {
                VectorMath.Scale(_change.RowScales[row], sum);
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
