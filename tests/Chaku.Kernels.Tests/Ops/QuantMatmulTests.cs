using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Ops;

public sealed class QuantMatmulTests
{
    public static TheoryData<string> QuantisedNames =>
        [.. TensorFormats.All.Where(format => format.Kernel is not null).Select(format => format.Name)];

    [Theory]
    [MemberData(nameof(QuantisedNames))]
    public void Bits_are_those_of_the_scalar_reference(string name)
    {
        TensorFormat format = TensorFormats.FromName(name)!;
        for (int threads = 1; threads <= 3; threads++)
        {
            using ComputePool pool = new(threads);
            using RoundedActivations rounded = new();
            foreach ((int rows, int columns, int tokens) in new[] { (1, 256, 1), (33, 512, 3), (5, 256, 7) })
            {
                WeightMatrix weight = Values.Matrix(rows, format, rows, columns).Stored;
                float[] x = Values.Normal(tokens, tokens * columns);
                float[] y = new float[tokens * rows];
                rounded.Round(pool, format.Kernel!, x, columns);
                QuantMatmul.Forward(pool, weight, rounded, y);
                Compare.Bits(Reference(weight, x), y, $"{name} [{rows}, {columns}] × {tokens}");
            }
        }
    }

    [Fact]
    public void Rows_are_rounded_as_the_kernel_rounds_one()
    {
        QuantKernel kernel = TensorFormats.FromName("Q4_K")!.Kernel!;
        using ComputePool pool = new(2);
        using RoundedActivations rounded = new();
        foreach (int tokens in new[] { 3, 70, 1, 0 })
        {
            float[] x = Values.Normal(tokens, tokens * 512);
            rounded.Round(pool, kernel, x, 512);
            Assert.Equal(tokens, rounded.RowCount);
            byte[] expected = new byte[kernel.ActivationByteLength(512)];
            for (int row = 0; row < tokens; row++)
            {
                kernel.Quantise(x.AsSpan(row * 512, 512), expected);
                Assert.Equal(expected, rounded.Row(row).ToArray());
            }
        }
    }

    [Fact]
    public void Activations_that_do_not_fit_the_weights_are_refused()
    {
        using ComputePool pool = new(1);
        using RoundedActivations rounded = new();
        TensorFormat q4 = TensorFormats.FromName("Q4_K")!;
        TensorFormat q8 = TensorFormats.FromName("Q8_0")!;
        WeightMatrix weight = Values.Matrix(1, q4, 2, 512).Stored;
        rounded.Round(pool, q4.Kernel!, new float[256], 256);
        Assert.Throws<ArgumentException>(() => QuantMatmul.Forward(pool, weight, rounded, new float[2]));
        rounded.Round(pool, q8.Kernel!, new float[512], 512);
        Assert.Throws<ArgumentException>(() => QuantMatmul.Forward(pool, weight, rounded, new float[2]));
        rounded.Round(pool, q4.Kernel!, new float[512], 512);
        Assert.Throws<ArgumentException>(() => QuantMatmul.Forward(pool, weight, rounded, new float[3]));
        Assert.Throws<ArgumentException>(() => rounded.Round(pool, q4.Kernel!, new float[600], 300));
        Assert.Throws<ArgumentException>(() => rounded.Round(pool, q4.Kernel!, new float[300], 256));
        Assert.Throws<ArgumentException>(
            () => QuantMatmul.Forward(pool, WeightMatrix.FromSingles(new float[6], 2, 3), rounded, new float[2]));
    }

    private static float[] Reference(WeightMatrix weight, float[] x)
    {
        QuantKernel kernel = weight.Format.Kernel!;
        byte[] codes = new byte[kernel.ActivationByteLength(weight.Columns)];
        float[] y = new float[x.Length / weight.Columns * weight.Rows];
        for (int i = 0; i < y.Length; i++)
        {
            kernel.Quantise(x.AsSpan(i / weight.Rows * weight.Columns, weight.Columns), codes);
            y[i] = kernel.DotReference(weight.Row(i % weight.Rows), codes);
        }

        return y;
    }
}
