using Chaku.Kernels.Ops;

namespace Chaku.Kernels.Tests.Ops;

public sealed class RowScaleTests
{
    [Fact]
    public void Rows_are_multiplied_and_the_gradient_of_the_scale_is_added()
    {
        float[] rows = [1, 2, 3, 4];
        float[] dScale = [10, 20];

        RowScale.BackwardScale(rows, [1, 1, 0.5f, 2], dScale);
        RowScale.Apply([2, -1], rows);

        Assert.Equal([2, -2, 6, -4], rows);
        Assert.Equal([12.5f, 30], dScale);
    }

    [Fact]
    public void Lengths_that_disagree_are_refused()
    {
        Assert.Throws<ArgumentException>(() => RowScale.Apply([1, 2], new float[3]));
        Assert.Throws<ArgumentException>(() => RowScale.BackwardScale(new float[2], new float[4], new float[2]));
        Assert.Throws<ArgumentException>(() => RowScale.BackwardScale(new float[3], new float[3], new float[2]));
    }
}
