using Chaku.Kernels.Memory;

namespace Chaku.Cli.Tests.House.Samples;

/// <summary>Code that the documents show.</summary>
public sealed class FormatSamples
{
    [Fact]
    public void A_row_of_a_matrix_is_read_as_float32()
    {
        WeightMatrix weight = WeightMatrix.FromSingles([1, 2, 3, 4, 5, 6], rows: 2, columns: 3);
        float[] row = new float[weight.Columns];
        weight.Dequantise(row: 1, column: 0, row);
        Assert.Equal([4f, 5f, 6f], row);
    }
}
