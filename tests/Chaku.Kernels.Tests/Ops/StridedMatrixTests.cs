using Chaku.Kernels.Ops;

namespace Chaku.Kernels.Tests.Ops;

public sealed class StridedMatrixTests
{
    [Theory]
    [InlineData(11, 3, 4, 4, 1)]
    [InlineData(12, 3, 4, 5, 1)]
    [InlineData(12, 4, 3, 1, 5)]
    [InlineData(0, 1, 1, 1, 1)]
    [InlineData(12, -1, 4, 4, 1)]
    [InlineData(12, 3, -4, 4, 1)]
    [InlineData(12, 3, 4, -4, 1)]
    [InlineData(12, 3, 4, 1, -4)]
    [InlineData(12, int.MaxValue, int.MaxValue, int.MaxValue, 1)]
    public void Strides_that_leave_the_span_are_refused(int length, int rows, int columns, int rowStride, int stride) =>
        Assert.Throws<ArgumentException>(
            () => new StridedMatrix(new float[length], rows, columns, rowStride, stride).RowCount);

    [Fact]
    public void An_element_is_found_by_its_strides()
    {
        StridedMatrix matrix = new([0, 1, 2, 3, 4, 5, 6, 7], rowCount: 2, columnCount: 3, rowStride: 5);
        Assert.Equal(7, matrix.At(1, 2));
        Assert.Equal(7, matrix.Transposed.At(2, 1));
        Assert.Equal((3, 2), (matrix.Transposed.RowCount, matrix.Transposed.ColumnCount));
    }

    [Theory]
    [InlineData(0, 5, 7)]
    [InlineData(5, 0, 7)]
    [InlineData(5, 7, 0)]
    public void A_product_with_an_empty_side_adds_nothing(int count, int steps, int columns)
    {
        float[] sums = [1, 2, 3];
        OuterTile.Add(
            new StridedMatrix(new float[count * steps], count, steps, steps),
            new StridedMatrix(new float[steps * columns], steps, columns, columns),
            count * columns == 0 ? sums : new float[count * columns],
            columns);
        Assert.Equal([1, 2, 3], sums);
    }

    [Fact]
    public void Tiles_refuse_shapes_that_disagree()
    {
        Assert.Throws<ArgumentException>(() => OuterTile.Add(
            new StridedMatrix(new float[12], 3, 4, 4), new StridedMatrix(new float[15], 5, 3, 3), new float[9], 3));
        Assert.Throws<ArgumentException>(() => OuterTile.Add(
            new StridedMatrix(new float[12], 3, 4, 4), new StridedMatrix(new float[12], 4, 3, 3), new float[8], 3));
        Assert.Throws<ArgumentException>(() => InnerTile.Multiply(
            new StridedMatrix(new float[12], 3, 4, 4),
            new StridedMatrix(new float[4], 1, 4, 4),
            isFirst: true,
            new float[4],
            yStride: 4,
            rowCount: 3));
    }
}
