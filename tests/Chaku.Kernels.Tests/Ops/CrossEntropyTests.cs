using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Ops;

public sealed class CrossEntropyTests
{
    private const int Rows = 5;

    public static TheoryData<int> Widths => [1, 2, 7, 8, 9, 23, 172, 1000];

    [Theory]
    [MemberData(nameof(Widths))]
    public void Forward_is_the_formula_in_double_precision(int width)
    {
        using ComputePool pool = new(2);
        using GuardedBuffer guarded = new();
        float[] logits = Values.Normal(width, Rows * width, deviation: 5);
        int[] targets = Targets(width);
        Span<float> losses = guarded.End<float>(Rows);
        CrossEntropy.Forward(pool, guarded.Copy<float>(logits), targets, losses);
        double[] expected = Naive(Values.Doubles(logits), targets);
        double bound = Tolerances.ElementWise * logits.Max(Math.Abs) + Tolerances.Sum((width / 8) + 8);
        Compare.Close(expected, losses, bound, $"width {width}");
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Backward_is_the_derivative(int width)
    {
        const float Scale = 0.125f;
        using ComputePool pool = new(2);
        using GuardedBuffer guarded = new();
        float[] single = Values.Normal(width, Rows * width, deviation: 3);
        double[] logits = Values.Doubles(single);
        int[] targets = Targets(width);
        double[] expected = new double[logits.Length];
        for (int row = 0; row < Rows; row++)
        {
            double[] own = logits[(row * width)..][..width];
            int[] target = [targets[row]];
            CentralDifferences.Of(own, () => Scale * Naive(own, target)[0]).CopyTo(expected, row * width);
        }

        Span<float> gradients = guarded.Copy<float>(single);
        CrossEntropy.BackwardInPlace(pool, gradients, targets, Scale);
        Compare.Gradients(expected, gradients, $"width {width}");
    }

    [Fact]
    public void Large_logits_neither_overflow_nor_vanish()
    {
        using ComputePool pool = new(1);
        float[] losses = new float[3];
        CrossEntropy.Forward(pool, [1e30f, 0, -1e30f, 0, 1000, 1001], [0, 1, 0], losses);
        Assert.Equal([0f, 0f], losses[..2]);
        Compare.Close(Math.Log(1 + Math.E), losses[2], 1001 * Tolerances.ElementWise);
    }

    [Fact]
    public void Logits_of_minus_infinity_have_no_probability()
    {
        using ComputePool pool = new(1);
        float[] losses = new float[1];
        float[] logits = [0, float.NegativeInfinity, 0];
        CrossEntropy.Forward(pool, logits, [2], losses);
        Compare.Close(Math.Log(2), losses[0], Tolerances.ElementWise);
        CrossEntropy.BackwardInPlace(pool, logits, [2], 1);
        Compare.Close([0.5, 0, -0.5], logits, Tolerances.ElementWise);
        Assert.Equal(
            float.NegativeInfinity, CrossEntropy.LogSumExp([float.NegativeInfinity, float.NegativeInfinity]));
    }

    [Fact]
    public void Bits_depend_on_neither_threads_nor_other_rows()
    {
        float[] logits = Values.Normal(1, Rows * 99);
        int[] targets = Targets(99);
        float[] expected = new float[Rows];
        using ComputePool one = new(1);
        for (int row = 0; row < Rows; row++)
        {
            CrossEntropy.Forward(one, logits.AsSpan(row * 99, 99), [targets[row]], expected.AsSpan(row, 1));
        }

        using ComputePool three = new(3);
        float[] actual = new float[Rows];
        CrossEntropy.Forward(three, logits, targets, actual);
        Compare.Bits(expected, actual);
    }

    [Fact]
    public void Lengths_that_disagree_and_targets_outside_are_refused()
    {
        using ComputePool pool = new(1);
        Assert.Throws<ArgumentException>(() => CrossEntropy.Forward(pool, new float[7], [0, 1], new float[2]));
        Assert.Throws<ArgumentException>(() => CrossEntropy.Forward(pool, new float[8], [0, 1], new float[1]));
        Assert.Throws<ArgumentException>(() => CrossEntropy.BackwardInPlace(pool, new float[7], [0, 1], 1));
        Assert.Throws<IndexOutOfRangeException>(
            () => CrossEntropy.Forward(pool, new float[8], [0, 4], new float[2]));
    }

    private static int[] Targets(int width) => [.. Enumerable.Range(0, Rows).Select(row => row * 7919 % width)];

    private static double[] Naive(double[] logits, int[] targets)
    {
        int width = logits.Length / targets.Length;
        return [.. targets.Select((target, row) =>
            -Math.Log(Math.Exp(logits[(row * width) + target]) /
                Enumerable.Range(0, width).Sum(i => Math.Exp(logits[(row * width) + i]))))];
    }
}
