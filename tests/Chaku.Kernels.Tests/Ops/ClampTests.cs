using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Ops;

public sealed class ClampTests
{
    [Fact]
    public void Forward_limits_and_backward_stops_at_the_limit()
    {
        using ComputePool pool = new(2);
        foreach (int length in new[] { 0, 1, 7, 8, 9, 31, 100, 20_001 })
        {
            using GuardedBuffer guarded = new();
            float[] x = Values.Normal(length, length, deviation: 2);
            float[] dy = Values.Normal(length + 1, length);
            Span<float> y = guarded.Copy<float>(x);
            Clamp.Forward(pool, 1.5f, y);
            Compare.Bits([.. x.Select(value => Math.Clamp(value, -1.5f, 1.5f))], y, $"length {length}");
            Span<float> dx = guarded.Copy<float>(dy);
            Clamp.BackwardInPlace(pool, 1.5f, y, dx);
            double[] inputs = Values.Doubles(x);
            double[] expected = [.. inputs.Select((_, i) =>
                CentralDifferences.At(inputs, () => dy[i] * Math.Clamp(inputs[i], -1.5, 1.5), [i])[0])];
            Compare.Gradients(expected, dx, $"length {length}");
        }
    }

    [Fact]
    public void Special_values_keep_their_sense()
    {
        using ComputePool pool = new(1);
        float[] x = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, -0f];
        Clamp.Forward(pool, 2, x);
        Compare.Bits([float.NaN, 2, -2, -0f], x);
    }

    [Fact]
    public void A_limit_that_is_none_and_lengths_that_disagree_are_refused()
    {
        using ComputePool pool = new(1);
        Assert.Throws<ArgumentOutOfRangeException>(() => Clamp.Forward(pool, 0, new float[1]));
        Assert.Throws<ArgumentException>(() => Clamp.BackwardInPlace(pool, 1, new float[1], new float[2]));
    }
}
