using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Ops;

public sealed class SwiGluTests
{
    public static TheoryData<int> Lengths => [0, 1, 5, 7, 8, 9, 31, 172, 8192, 8199, 20_001];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Forward_is_the_formula_in_double_precision(int length)
    {
        using ComputePool pool = new(2);
        using GuardedBuffer guarded = new();
        float[] gate = Values.Normal(length, length, deviation: 6);
        float[] up = Values.Normal(length + 1, length);
        Span<float> y = guarded.End<float>(length);
        SwiGlu.Forward(pool, guarded.Copy<float>(gate), guarded.Copy<float>(up), y);
        for (int i = 0; i < length; i++)
        {
            double expected = Naive(gate[i], up[i]);
            Compare.Close(expected, y[i], Tolerances.ElementWise * Math.Abs(expected), $"element {i} of {length}");
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Bits_depend_on_neither_threads_nor_length_nor_aliasing(int length)
    {
        float[] gate = Values.Normal(length, length, deviation: 6);
        float[] up = Values.Normal(length + 1, length);
        using ComputePool one = new(1);
        using ComputePool three = new(3);
        float[] expected = new float[length];
        for (int i = 0; i < length; i++)
        {
            SwiGlu.Forward(one, gate.AsSpan(i, 1), up.AsSpan(i, 1), expected.AsSpan(i, 1));
        }

        float[] ontoGate = [.. gate];
        SwiGlu.Forward(three, ontoGate, up, ontoGate);
        Compare.Bits(expected, ontoGate);
        float[] ontoUp = [.. up];
        SwiGlu.Forward(one, gate, ontoUp, ontoUp);
        Compare.Bits(expected, ontoUp);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Backward_is_the_derivative(int length)
    {
        using ComputePool pool = new(2);
        using GuardedBuffer guarded = new();
        float[] gate = Values.Normal(length, length, deviation: 3);
        float[] up = Values.Normal(length + 1, length);
        float[] dy = Values.Normal(length + 2, length);
        Span<float> dGate = guarded.Copy<float>(gate);
        Span<float> dUp = guarded.Copy<float>(up);
        SwiGlu.BackwardInPlace(pool, dGate, dUp, guarded.Copy<float>(dy));
        double[] expectedGate = new double[length];
        double[] expectedUp = new double[length];
        for (int i = 0; i < length; i++)
        {
            double[] inputs = [gate[i], up[i]];
            double[] slopes = CentralDifferences.Of(inputs, () => dy[i] * Naive(inputs[0], inputs[1]));
            (expectedGate[i], expectedUp[i]) = (slopes[0], slopes[1]);
        }

        Compare.Gradients(expectedGate, dGate, $"dGate, length {length}");
        Compare.Gradients(expectedUp, dUp, $"dUp, length {length}");
    }

    [Theory]
    [InlineData(-200f, 0f)]
    [InlineData(-1e30f, 0f)]
    [InlineData(200f, 200f)]
    [InlineData(1e30f, 1e30f)]
    public void Large_gates_saturate(float gate, float expected)
    {
        using ComputePool pool = new(1);
        float[] y = new float[1];
        SwiGlu.Forward(pool, [gate], [1], y);
        Assert.Equal(expected, y[0]);
        float[] dGate = [gate];
        float[] dUp = [1];
        SwiGlu.BackwardInPlace(pool, dGate, dUp, [1]);
        Assert.Equal(gate > 0 ? 1f : 0f, dGate[0]);
        Assert.Equal(expected, dUp[0]);
    }

    [Fact]
    public void Lengths_that_disagree_are_refused()
    {
        using ComputePool pool = new(1);
        Assert.Throws<ArgumentException>(() => SwiGlu.Forward(pool, new float[3], new float[2], new float[3]));
        Assert.Throws<ArgumentException>(() => SwiGlu.Forward(pool, new float[3], new float[3], new float[4]));
        Assert.Throws<ArgumentException>(() => SwiGlu.BackwardInPlace(pool, new float[3], new float[3], new float[4]));
    }

    private static double Naive(double gate, double up) => gate / (1 + Math.Exp(-gate)) * up;
}
