using Chaku.Kernels.Memory;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>‖W + scale · B · A‖ of each row: what DoRA divides by.</summary>
/// <remarks>
/// W is dequantised row by row; then scale · B[n, i] · A[i] is added for ascending i, and the squares are added as in
/// <see cref="VectorMath.Dot"/>. Source: arXiv:2402.09353, which takes the norms of columns: its W is ours transposed.
/// </remarks>
internal static class RowNorms
{
    private const int RowsPerItem = 16;

    /// <summary>norms = ‖W‖ of each row.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="weight">W [N, K], of any format.</param>
    /// <param name="norms">[N], overwritten.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Forward(ComputePool pool, WeightMatrix weight, Span<float> norms) =>
        Run(pool, new Work(weight, [], [], 0, norms));

    /// <summary>norms = ‖W + scale · B · A‖ of each row.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="weight">W [N, K], of any format.</param>
    /// <param name="a">A [r, K], float32.</param>
    /// <param name="transposedB">Bᵀ [r, N], float32.</param>
    /// <param name="scale">What B · A is multiplied with.</param>
    /// <param name="norms">[N], overwritten.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Forward(
        ComputePool pool,
        WeightMatrix weight,
        ReadOnlySpan<float> a,
        ReadOnlySpan<float> transposedB,
        float scale,
        Span<float> norms)
    {
        int rank = a.Length / weight.Columns;
        Shape.RequireLength(a.Length, (long)rank * weight.Columns, nameof(a));
        Shape.RequireLength(transposedB.Length, (long)rank * weight.Rows, nameof(transposedB));
        Run(pool, new Work(weight, a, transposedB, scale, norms));
    }

    private static void Run(ComputePool pool, Work work)
    {
        Shape.RequireLength(work.Norms.Length, work.Weight.Rows, "norms");
        pool.Run((work.Weight.Rows + RowsPerItem - 1) / RowsPerItem, ref work);
    }

    private readonly ref struct Work(
        WeightMatrix weight, ReadOnlySpan<float> a, ReadOnlySpan<float> transposedB, float scale, Span<float> norms)
        : IParallelWork
    {
        private readonly ReadOnlySpan<float> _a = a;
        private readonly ReadOnlySpan<float> _transposedB = transposedB;
        private readonly float _scale = scale;

        public WeightMatrix Weight { get; } = weight;

        public Span<float> Norms { get; } = norms;

        public void Execute(int index, Scratch scratch)
        {
            int columns = Weight.Columns;
            int end = Math.Min(Weight.Rows, (index + 1) * RowsPerItem);
            Span<float> sum = scratch.Singles(columns);
            for (int row = index * RowsPerItem; row < end; row++)
            {
                Weight.Dequantise(row, 0, sum);
                for (int i = 0; i < _a.Length / columns; i++)
                {
                    float factor = _scale * _transposedB[(i * Weight.Rows) + row];
                    VectorMath.AddScaled(factor, _a.Slice(i * columns, columns), sum);
                }

                Norms[row] = MathF.Sqrt(VectorMath.Dot(sum, sum));
            }
        }
    }
}
