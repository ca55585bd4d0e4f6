using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Ops;

public sealed class LayerNormTests
{
    private const float Epsilon = 1e-3f;

    public static TheoryData<int> Widths => [1, 3, 7, 8, 9, 16, 20, 64, 172, 515];

    [Fact]
    public void Forward_is_the_formula_in_double_precision_at_every_width()
    {
        const int Rows = 5;
        using ComputePool pool = new(1);
        for (int width = 1; width <= 100; width++)
        {
            using GuardedBuffer guarded = new();
            float[] x = Values.Normal(width, Rows * width);
            float[] weight = Values.Normal(width + 1000, width);
            float[] bias = width % 3 == 0 ? [] : Values.Normal(width + 2000, width);
            Span<float> y = guarded.End<float>(x.Length);
            LayerNorm.Forward(
                pool, guarded.Copy<float>(x), guarded.Copy<float>(weight), guarded.Copy<float>(bias), Epsilon, y);
            double[] expected = Naive(Values.Doubles(x), Values.Doubles(weight), Values.Doubles(bias));

            // x − mean is as small as a row is constant, and its rounding errors are not.
            double deviation = Math.Sqrt(1 / Epsilon);
            double bound = (Tolerances.ElementWise + Tolerances.Sum(width / 8)) * deviation * expected.Max(Math.Abs);
            Compare.Close(expected, y, bound, $"width {width}");
        }
    }

    [Theory]
    [InlineData(64, 1000, 1)]
    [InlineData(515, -10_000, 1)]
    [InlineData(4096, 1000, 0.5)]
    [InlineData(4097, 30, 0.01)]
    [InlineData(14_848, 100, 1)]
    public void A_mean_far_from_zero_costs_no_precision(int width, float mean, double deviation)
    {
        using ComputePool pool = new(1);
        float[] x = [.. Values.Normal(width, width, deviation).Select(value => value + mean)];
        float[] weight = [.. Enumerable.Repeat(1f, width)];
        float[] y = new float[width];
        LayerNorm.Forward(pool, x, weight, [], 1e-5f, y);
        double[] expected = Naive(Values.Doubles(x), Values.Doubles(weight), [], 1e-5f);
        Compare.Close(expected, y, 1e-5, $"mean {mean}");
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Bits_depend_on_neither_threads_nor_rows_nor_aliasing(int width)
    {
        int rows = 40_000 / width;
        float[] x = Values.Normal(width, rows * width);
        float[] weight = Values.Normal(width + 1000, width);
        float[] bias = Values.Normal(width + 2000, width);
        using ComputePool one = new(1);
        using ComputePool three = new(3);
        float[] together = new float[x.Length];
        LayerNorm.Forward(one, x, weight, bias, Epsilon, together);
        float[] inPlace = [.. x];
        LayerNorm.Forward(three, inPlace, weight, bias, Epsilon, inPlace);
        Compare.Bits(together, inPlace);
        float[] alone = new float[width];
        int row = rows - 1;
        LayerNorm.Forward(one, x.AsSpan(row * width, width), weight, bias, Epsilon, alone);
        Compare.Bits(together.AsSpan(row * width), alone);

        float[] dTogether = new float[x.Length];
        float[] dOnThree = new float[x.Length];
        LayerNorm.Backward(one, x, weight, Epsilon, together, dTogether);
        LayerNorm.Backward(three, x, weight, Epsilon, together, dOnThree);
        Compare.Bits(dTogether, dOnThree);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Backward_is_the_derivative_and_adds(int width)
    {
        const int Rows = 2;
        using ComputePool pool = new(2);
        using GuardedBuffer guarded = new();
        float[] single = Values.Normal(width, Rows * width);
        float[] weight = Values.Normal(width + 1000, width);
        float[] bias = Values.Normal(width + 2000, width);
        float[] dy = Values.Normal(width + 3000, Rows * width);
        double[] x = Values.Doubles(single);
        double[] w = Values.Doubles(weight);
        double[] b = Values.Doubles(bias);
        double Loss() => Naive(x, w, b).Zip(dy, (y, d) => y * d).Sum();
        double[] dx = CentralDifferences.Of(x, Loss);
        double[] dWeight = CentralDifferences.Of(w, Loss);
        double[] dBias = CentralDifferences.Of(b, Loss);

        Span<float> actual = guarded.Copy<float>([.. Enumerable.Repeat(1f, single.Length)]);
        LayerNorm.Backward(
            pool, guarded.Copy<float>(single), guarded.Copy<float>(weight), Epsilon, guarded.Copy<float>(dy), actual);
        Compare.Gradients([.. dx.Select(value => value + 1)], actual, $"dx, width {width}");
        Span<float> actualWeight = guarded.Copy<float>([.. Enumerable.Repeat(-2f, width)]);
        Span<float> actualBias = guarded.Copy<float>([.. Enumerable.Repeat(3f, width)]);
        LayerNorm.BackwardWeight(single, Epsilon, dy, actualWeight, actualBias);
        Compare.Gradients([.. dWeight.Select(value => value - 2)], actualWeight, $"dWeight, width {width}");
        Compare.Gradients([.. dBias.Select(value => value + 3)], actualBias, $"dBias, width {width}");
        float[] withoutBias = [.. Enumerable.Repeat(-2f, width)];
        LayerNorm.BackwardWeight(single, Epsilon, dy, withoutBias, []);
        Compare.Bits(actualWeight, withoutBias);
    }

    [Fact]
    public void A_constant_row_becomes_the_bias()
    {
        using ComputePool pool = new(1);
        float[] y = new float[3];
        LayerNorm.Forward(pool, [1e6f, 1e6f, 1e6f], [1, 2, 3], [4, 5, 6], 1e-6f, y);
        Assert.Equal([4f, 5f, 6f], y);
    }

    [Theory]
    [InlineData(7, 7, 3)]
    [InlineData(6, 9, 3)]
    [InlineData(6, 6, 2)]
    public void Lengths_that_disagree_are_refused(int xLength, int yLength, int biasLength)
    {
        using ComputePool pool = new(1);
        Assert.Throws<ArgumentException>(() => LayerNorm.Forward(
            pool, new float[xLength], new float[3], new float[biasLength], Epsilon, new float[yLength]));
        Assert.Throws<ArgumentException>(() => LayerNorm.BackwardWeight(
            new float[xLength], Epsilon, new float[yLength], new float[3], new float[biasLength]));
    }

    private static double[] Naive(double[] x, double[] weight, double[] bias, double epsilon = Epsilon)
    {
        int width = weight.Length;
        double[] y = new double[x.Length];
        for (int start = 0; start < x.Length; start += width)
        {
            double[] row = x[start..(start + width)];
            double mean = row.Average();
            double variance = row.Average(value => (value - mean) * (value - mean));
            for (int i = 0; i < width; i++)
            {
                double shift = bias.Length == 0 ? 0 : bias[i];
                y[start + i] = ((row[i] - mean) / Math.Sqrt(variance + epsilon) * weight[i]) + shift;
            }
        }

        return y;
    }
}
