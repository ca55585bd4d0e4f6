using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;

namespace Chaku.Kernels.Tests.Memory;

public sealed class WeightMatrixTests
{
    public static TheoryData<string> FormatNames => [.. TensorFormats.All.Select(format => format.Name)];

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(-1, 0)]
    [InlineData(3, 1)]
    [InlineData(0, 4)]
    [InlineData(2, 2)]
    [InlineData(1, -1)]
    [InlineData(int.MaxValue, 1)]
    [InlineData(1, int.MaxValue)]
    [InlineData(int.MinValue, int.MinValue)]
    public void Rows_outside_the_matrix_are_refused(int row, int count)
    {
        WeightMatrix matrix = WeightMatrix.FromSingles(new float[12], 3, 4);
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.RowRange(row, count).Length);
    }

    [Fact]
    public void Rows_lie_one_after_the_other()
    {
        WeightMatrix matrix = WeightMatrix.FromSingles([1, 2, 3, 4, 5, 6], 3, 2);
        Assert.Equal(8, matrix.RowByteLength);
        Assert.Equal(24, matrix.ByteLength);
        Assert.Equal(5f, BitConverter.ToSingle(matrix.Row(2)));
        Assert.Equal(16, matrix.RowRange(1, 2).Length);
        Assert.Equal(0, matrix.RowRange(3, 0).Length);
    }

    [Theory]
    [MemberData(nameof(FormatNames))]
    public void Part_of_a_row_is_dequantised_alone(string name)
    {
        TensorFormat format = TensorFormats.FromName(name)!;
        (WeightMatrix stored, WeightMatrix singles) = Values.Matrix(1, format, rows: 3, columns: 512);
        foreach ((int start, int length) in new[] { (0, 512), (256, 256), (0, 256), (512, 0) })
        {
            float[] expected = new float[length];
            float[] actual = new float[length];
            singles.Dequantise(2, start, expected);
            stored.Dequantise(2, start, actual);
            Compare.Bits(expected, actual, name);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => stored.Dequantise(0, 512, new float[256]));
        Assert.Throws<ArgumentOutOfRangeException>(() => stored.Dequantise(-1, 0, new float[256]));
    }

    [Fact]
    public void Half_a_block_is_refused()
    {
        TensorFormat format = TensorFormats.FromName("Q8_0")!;
        WeightMatrix matrix = WeightMatrix.FromBytes(format, new byte[68], 1, 64);
        Assert.Throws<ArgumentException>(() => matrix.Dequantise(0, 16, new float[32]));
        Assert.Throws<ArgumentException>(() => matrix.Dequantise(0, 32, new float[16]));
        Assert.Throws<ArgumentException>(() => WeightMatrix.FromBytes(format, new byte[68], 2, 31));
    }

    [Theory]
    [InlineData(2, 3, 5)]
    [InlineData(2, 3, 7)]
    public void A_wrong_number_of_values_is_refused(int rows, int columns, int count) =>
        Assert.Throws<ArgumentException>(() => WeightMatrix.FromSingles(new float[count], rows, columns));

    [Theory]
    [InlineData(0, 3)]
    [InlineData(3, 0)]
    [InlineData(-1, -3)]
    public void A_matrix_without_rows_or_columns_is_refused(int rows, int columns) =>
        Assert.ThrowsAny<ArgumentException>(() => WeightMatrix.FromSingles([], rows, columns));

    [Fact]
    public void Rows_are_copied_from_where_they_lie()
    {
        WeightMatrix matrix = WeightMatrix.FromSingles([1, 2, 3, 4, 5, 6], 3, 2);
        byte[] rows = new byte[16];
        matrix.CopyRows(1, rows);
        Assert.Equal(matrix.RowRange(1, 2), rows);
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.CopyRows(2, rows));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.CopyRows(-1, rows));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.CopyRows(0, new byte[7]));
    }
}
