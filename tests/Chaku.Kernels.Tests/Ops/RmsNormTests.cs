using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Ops;

public sealed class RmsNormTests
{
    private const float Epsilon = 1e-3f;

    public static TheoryData<int> Widths => [1, 3, 7, 8, 9, 16, 20, 64, 172, 515];

    [Theory]
    [MemberData(nameof(Widths))]
    public void Forward_is_the_formula_in_double_precision(int width)
    {
        const int Rows = 5;
        using ComputePool pool = new(1);
        using GuardedBuffer guarded = new();
        float[] x = Values.Normal(width, Rows * width);
        float[] weight = Values.Normal(width + 1000, width);
        Span<float> y = guarded.End<float>(x.Length);
        RmsNorm.Forward(pool, guarded.Copy<float>(x), guarded.Copy<float>(weight), Epsilon, y);
        double[] expected = Naive(Values.Doubles(x), Values.Doubles(weight));
        double bound = (Tolerances.ElementWise + Tolerances.Sum(width / 8)) * expected.Max(Math.Abs);
        Compare.Close(expected, y, bound, $"width {width}");
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Bits_depend_on_neither_threads_nor_rows_nor_aliasing(int width)
    {
        int rows = 40_000 / width;
        float[] x = Values.Normal(width, rows * width);
        float[] weight = Values.Normal(width + 1000, width);
        using ComputePool one = new(1);
        using ComputePool three = new(3);
        float[] together = new float[x.Length];
        RmsNorm.Forward(one, x, weight, Epsilon, together);
        float[] inPlace = [.. x];
        RmsNorm.Forward(three, inPlace, weight, Epsilon, inPlace);
        Compare.Bits(together, inPlace);
        float[] alone = new float[width];
        int row = rows - 1;
        RmsNorm.Forward(one, x.AsSpan(row * width, width), weight, Epsilon, alone);
        Compare.Bits(together.AsSpan(row * width), alone);
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
        float[] dy = Values.Normal(width + 2000, Rows * width);
        double[] x = Values.Doubles(single);
        double[] w = Values.Doubles(weight);
        double Loss() => Naive(x, w).Zip(dy, (y, d) => y * d).Sum();
        double[] dx = CentralDifferences.Of(x, Loss);
        double[] dWeight = CentralDifferences.Of(w, Loss);

        Span<float> actual = guarded.Copy<float>([.. Enumerable.Repeat(1f, single.Length)]);
        RmsNorm.Backward(
            pool, guarded.Copy<float>(single), guarded.Copy<float>(weight), Epsilon, guarded.Copy<float>(dy), actual);
        Compare.Gradients([.. dx.Select(value => value + 1)], actual, $"dx, width {width}");
        Span<float> actualWeight = guarded.Copy<float>([.. Enumerable.Repeat(-2f, width)]);
        RmsNorm.BackwardWeight(single, Epsilon, dy, actualWeight);
        Compare.Gradients([.. dWeight.Select(value => value - 2)], actualWeight, $"dWeight, width {width}");
    }

    [Fact]
    public void Heads_are_rows_of_their_own()
    {
        // The norm of each head of queries or keys: [T, heads, head size] is [T · heads, head size].
        const int Tokens = 3;
        const int Heads = 5;
        const int HeadSize = 20;
        using ComputePool pool = new(2);
        float[] x = Values.Normal(1, Tokens * Heads * HeadSize);
        float[] weight = Values.Normal(2, HeadSize);
        float[] dy = Values.Normal(3, x.Length);
        float[] together = new float[x.Length];
        float[] dTogether = new float[x.Length];
        RmsNorm.Forward(pool, x, weight, Epsilon, together);
        RmsNorm.Backward(pool, x, weight, Epsilon, dy, dTogether);
        for (int start = 0; start < x.Length; start += HeadSize)
        {
            float[] head = x[start..(start + HeadSize)];
            float[] alone = new float[HeadSize];
            RmsNorm.Forward(pool, head, weight, Epsilon, alone);
            Compare.Bits(alone, together.AsSpan(start, HeadSize), $"head at {start}");
            double[] input = Values.Doubles(head);
            float[] dHead = dy[start..(start + HeadSize)];
            double[] expected = CentralDifferences.Of(
                input, () => Naive(input, Values.Doubles(weight)).Zip(dHead, (y, d) => y * d).Sum());
            Compare.Gradients(expected, dTogether.AsSpan(start, HeadSize), $"dx of head at {start}");
        }
    }

    [Fact]
    public void A_row_of_zeros_stays_zero()
    {
        using ComputePool pool = new(1);
        float[] y = [1, 1, 1];
        RmsNorm.Forward(pool, new float[3], [1, 2, 3], 1e-6f, y);
        Assert.Equal([0f, 0f, 0f], y);
    }

    [Theory]
    [InlineData(7, 7)]
    [InlineData(6, 9)]
    public void Lengths_that_disagree_are_refused(int xLength, int yLength)
    {
        using ComputePool pool = new(1);
        Assert.Throws<ArgumentException>(
            () => RmsNorm.Forward(pool, new float[xLength], new float[3], Epsilon, new float[yLength]));
        Assert.Throws<ArgumentException>(() => RmsNorm.Backward(
            pool, new float[xLength], new float[3], Epsilon, new float[yLength], new float[xLength]));
    }

    private static double[] Naive(double[] x, double[] weight)
    {
        int width = weight.Length;
        double[] y = new double[x.Length];
        for (int start = 0; start < x.Length; start += width)
        {
            double meanSquare = x.AsSpan(start, width).ToArray().Average(value => value * value);
            for (int i = 0; i < width; i++)
            {
                y[start + i] = x[start + i] * weight[i] / Math.Sqrt(meanSquare + Epsilon);
            }
        }

        return y;
    }
}
