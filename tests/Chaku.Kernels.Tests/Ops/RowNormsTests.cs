using Chaku.Kernels.Memory;
using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Ops;

public sealed class RowNormsTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(17, 5, 2)]
    [InlineData(40, 67, 4)]
    public void Norms_are_those_of_the_changed_matrix_on_any_number_of_threads(int rows, int columns, int rank)
    {
        Random random = new(rows);
        float[] w = Draw(rows * columns), a = Draw(rank * columns), b = Draw(rank * rows);
        float[] single = new float[rows], several = new float[rows], own = new float[rows];
        WeightMatrix weight = WeightMatrix.FromSingles(w, rows, columns);
        using ComputePool one = new(1);
        using ComputePool three = new(3);

        RowNorms.Forward(one, weight, a, b, 0.5f, single);
        RowNorms.Forward(three, weight, a, b, 0.5f, several);
        RowNorms.Forward(three, weight, own);

        Assert.Equal(single, several);
        for (int row = 0; row < rows; row++)
        {
            double sum = 0, ownSum = 0;
            for (int k = 0; k < columns; k++)
            {
                double value = w[(row * columns) + k];
                ownSum += value * value;
                value += 0.5 * Enumerable.Range(0, rank).Sum(i => (double)b[(i * rows) + row] * a[(i * columns) + k]);
                sum += value * value;
            }

            Assert.Equal(Math.Sqrt(sum), single[row], Tolerances.Sum(columns + rank + 4) * (1 + Math.Sqrt(sum)));
            Assert.Equal(Math.Sqrt(ownSum), own[row], Tolerances.Sum(columns + 4) * (1 + Math.Sqrt(ownSum)));
        }

        float[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() - 0.5))];
    }

    [Fact]
    public void Lengths_that_disagree_are_refused()
    {
        using ComputePool pool = new(1);
        WeightMatrix weight = WeightMatrix.FromSingles(new float[6], 2, 3);
        Assert.Throws<ArgumentException>(() => RowNorms.Forward(pool, weight, new float[3]));
        Assert.Throws<ArgumentException>(() => RowNorms.Forward(pool, weight, new float[4], [1, 1], 1, new float[2]));
        Assert.Throws<ArgumentException>(() => RowNorms.Forward(pool, weight, new float[3], [1], 1, new float[2]));
    }
}
