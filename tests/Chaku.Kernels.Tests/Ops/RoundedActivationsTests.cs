using Chaku.Kernels.Formats;
using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Ops;

public sealed class RoundedActivationsTests
{
    [Theory]
    [InlineData("Q4_0", 1, 5632)]
    [InlineData("Q4_0", 3, 96)]
    [InlineData("Q4_0", 8, 2048)]
    [InlineData("Q4_K", 1, 5632)]
    [InlineData("Q4_K", 12, 2048)]
    [InlineData("Q4_K", 70, 512)]
    public void Rows_and_tiles_do_not_depend_on_the_threads(string format, int tokens, int columns)
    {
        QuantKernel kernel = TensorFormats.FromName(format)!.Kernel!;
        float[] x = Values.Normal(1, tokens * columns);
        using ComputePool one = new(1);
        using ComputePool three = new(3);
        using RoundedActivations alone = new();
        using RoundedActivations together = new();
        alone.Round(one, kernel, x, columns);

        // What lies there from before is overwritten, in rows that only fill a tile up as well.
        together.Round(three, kernel, Values.Normal(2, 16 * tokens * columns), columns);
        together.Round(three, kernel, x, columns);

        byte[] row = new byte[kernel.ActivationByteLength(columns)];
        for (int token = 0; token < tokens; token++)
        {
            kernel.Quantise(x.AsSpan(token * columns, columns), row);
            Assert.Equal(row, alone.Row(token));
            Assert.Equal(row, together.Row(token));
        }

        for (int tile = 0; kernel.Panels is not null && tile < alone.TileCount; tile++)
        {
            Assert.Equal(alone.Tile(tile), together.Tile(tile));
        }
    }
}
