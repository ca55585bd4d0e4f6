using Chaku.Kernels.Ops;

namespace Chaku.Kernels.Tests.Ops;

public sealed class LowRankNormsTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(5, 7, 2)]
    [InlineData(33, 20, 8)]
    [InlineData(6, 5, 5)]
    [InlineData(3, 4, 9)]
    public void Squares_are_those_of_the_product_formed_whole(int rows, int columns, int rank)
    {
        float[] a = Values.Normal(1, rank * columns);
        float[] b = Values.Normal(2, rank * rows);
        double[] squares = new double[rows];

        LowRankNorms.Squares(a, b, rank, 0.5, squares, TestContext.Current.CancellationToken);

        for (int row = 0; row < rows; row++)
        {
            double expected = 0;
            for (int column = 0; column < columns; column++)
            {
                double value = 0.5 * Enumerable.Range(0, rank)
                    .Sum(i => (double)b[(i * rows) + row] * a[(i * columns) + column]);
                expected += value * value;
            }

            Assert.Equal(expected, squares[row], 1e-12 * (1 + expected));
        }
    }

    [Theory]
    [InlineData(16)]
    [InlineData(2)]
    public void Terms_that_cancel_leave_nothing(int columns)
    {
        // Rows of A that are alike, with opposite factors: the product is zero, its terms are not.
        float[] row = Values.Normal(3, columns);
        float[] a = [.. row, .. row, .. row];
        float[] transposedB = [0.1f, 3, 0.2f, -7, -0.3f, 4];
        double[] squares = new double[2];

        LowRankNorms.Squares(a, transposedB, 3, 1, squares, TestContext.Current.CancellationToken);

        Assert.Equal([0, 0], squares);
    }

    [Fact]
    public void Large_and_tiny_factors_are_measured_where_float32_would_not_hold_their_squares()
    {
        double[] squares = new double[1];
        LowRankNorms.Squares([1e30f, 0], [1e20f], 1, 1, squares, TestContext.Current.CancellationToken);
        Assert.Equal(1e100, squares[0], 1e94);
        LowRankNorms.Squares([1e-30f, 0], [1e-20f], 1, 1, squares, TestContext.Current.CancellationToken);
        Assert.Equal(1e-100, squares[0], 1e-106);
    }

    [Fact]
    public void Lengths_that_disagree_are_refused_and_work_can_be_stopped()
    {
        double[] squares = new double[2];
        Assert.Throws<ArgumentException>(() => LowRankNorms.Squares(new float[5], new float[4], 2, 1, squares));
        Assert.Throws<ArgumentException>(() => LowRankNorms.Squares(new float[6], new float[3], 2, 1, squares));
        Assert.Throws<OperationCanceledException>(
            () => LowRankNorms.Squares(new float[6], new float[4], 2, 1, squares, new CancellationToken(true)));
    }
}
