using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Ops;

public sealed class SoftCapTests
{
    private static readonly int[] Lengths = [.. Enumerable.Range(0, 101), 20_001];

    [Fact]
    public void Forward_is_the_formula_in_double_precision_and_its_bits_depend_on_nothing_else()
    {
        using ComputePool one = new(1);
        using ComputePool three = new(3);
        foreach (int length in Lengths)
        {
            using GuardedBuffer guarded = new();
            float[] x = Values.Normal(length, length, deviation: 40);
            Span<float> y = guarded.Copy<float>(x);
            SoftCap.Forward(three, 30, y);
            for (int i = 0; i < length; i++)
            {
                double expected = 30 * Math.Tanh(x[i] / 30.0);
                Compare.Close(expected, y[i], Tolerances.ElementWise * Math.Abs(expected), $"{i} of {length}");
                float[] alone = [x[i]];
                SoftCap.Forward(one, 30, alone);
                Compare.Bits(alone, y.Slice(i, 1), $"{i} of {length}");
            }
        }
    }

    [Fact]
    public void Backward_is_the_derivative()
    {
        using ComputePool pool = new(2);
        foreach (int length in Lengths)
        {
            using GuardedBuffer guarded = new();
            float[] x = Values.Normal(length, length, deviation: 40);
            float[] dy = Values.Normal(length + 1, length);
            Span<float> y = guarded.Copy<float>(x);
            SoftCap.Forward(pool, 30, y);
            Span<float> dx = guarded.Copy<float>(dy);
            SoftCap.BackwardInPlace(pool, 30, y, dx);
            double[] inputs = Values.Doubles(x);
            double[] expected = [.. inputs.Select((_, i) =>
                CentralDifferences.At(inputs, () => dy[i] * 30 * Math.Tanh(inputs[i] / 30), [i])[0])];
            Compare.Gradients(expected, dx, $"length {length}");
        }
    }

    [Fact]
    public void Nothing_goes_beyond_the_cap()
    {
        using ComputePool pool = new(1);
        float[] x = [1e30f, -1e30f, float.PositiveInfinity, float.NegativeInfinity];
        SoftCap.Forward(pool, 50, x);
        Assert.Equal([50f, -50f, 50f, -50f], x);
    }

    [Fact]
    public void A_cap_that_is_none_and_lengths_that_disagree_are_refused()
    {
        using ComputePool pool = new(1);
        Assert.Throws<ArgumentOutOfRangeException>(() => SoftCap.Forward(pool, 0, new float[1]));
        Assert.Throws<ArgumentException>(() => SoftCap.BackwardInPlace(pool, 1, new float[1], new float[2]));
    }
}
