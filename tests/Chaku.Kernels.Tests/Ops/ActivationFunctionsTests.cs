using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Ops;

public sealed class ActivationFunctionsTests
{
    private static readonly int[] Lengths = [.. Enumerable.Range(0, 101), 172, 8192, 8199, 20_001];

    public static TheoryData<string> Names => [.. ActivationFunctions.All.Select(entry => entry.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Forward_is_the_formula_in_double_precision(string name)
    {
        ActivationFunction function = Find(name);
        using ComputePool pool = new(2);
        foreach (int length in Lengths)
        {
            using GuardedBuffer guarded = new();
            float[] gate = Values.Normal(length, length, deviation: 4);
            float[] up = Values.Normal(length + 1, length);
            Span<float> plain = guarded.End<float>(length);
            Span<float> gated = guarded.End<float>(length);
            function.Forward(pool, guarded.Copy<float>(gate), plain);
            function.ForwardGated(pool, guarded.Copy<float>(gate), guarded.Copy<float>(up), gated);
            for (int i = 0; i < length; i++)
            {
                double expected = Naive(name, gate[i]);
                double bound = Bound(name, gate[i], expected);
                Compare.Close(expected, plain[i], bound, $"{name} of {gate[i]}, {i} of {length}");
                double product = expected * up[i];
                bound *= Math.Abs(up[i]);
                Compare.Close(product, gated[i], bound, $"gated {name} of {gate[i]}, {i} of {length}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Forward_is_the_formula_over_the_whole_range(string name)
    {
        // Every 10,007th float of either sign.
        List<float> x = [];
        for (int bits = 0; BitConverter.Int32BitsToSingle(bits) < 1e30f; bits += 10_007)
        {
            x.Add(BitConverter.Int32BitsToSingle(bits));
            x.Add(-BitConverter.Int32BitsToSingle(bits));
        }

        using ComputePool pool = new(2);
        float[] y = new float[x.Count];
        Find(name).Forward(pool, x.ToArray(), y);
        for (int i = 0; i < y.Length; i++)
        {
            double expected = Naive(name, x[i]);
            Compare.Close(expected, y[i], Bound(name, x[i], expected), $"{name} of {x[i]:R}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Bits_depend_on_neither_threads_nor_length_nor_aliasing(string name)
    {
        ActivationFunction function = Find(name);
        using ComputePool one = new(1);
        using ComputePool three = new(3);
        foreach (int length in new[] { 1, 7, 8, 9, 31, 172, 20_001 })
        {
            float[] gate = Values.Normal(length, length, deviation: 6);
            float[] up = Values.Normal(length + 1, length);
            float[] gated = new float[length];
            float[] plain = new float[length];
            for (int i = 0; i < length; i++)
            {
                function.Forward(one, gate.AsSpan(i, 1), plain.AsSpan(i, 1));
                function.ForwardGated(one, gate.AsSpan(i, 1), up.AsSpan(i, 1), gated.AsSpan(i, 1));
            }

            float[] inPlace = [.. gate];
            function.Forward(three, inPlace, inPlace);
            Compare.Bits(plain, inPlace);
            float[] ontoGate = [.. gate];
            function.ForwardGated(three, ontoGate, up, ontoGate);
            Compare.Bits(gated, ontoGate);
            float[] ontoUp = [.. up];
            function.ForwardGated(one, gate, ontoUp, ontoUp);
            Compare.Bits(gated, ontoUp);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Backward_is_the_derivative(string name)
    {
        ActivationFunction function = Find(name);
        using ComputePool pool = new(2);
        foreach (int length in Lengths)
        {
            using GuardedBuffer guarded = new();
            float[] gate = Values.Normal(length, length, deviation: 3);
            float[] up = Values.Normal(length + 1, length);
            float[] dy = Values.Normal(length + 2, length);
            Span<float> dx = guarded.Copy<float>(gate);
            Span<float> dGate = guarded.Copy<float>(gate);
            Span<float> dUp = guarded.Copy<float>(up);
            function.BackwardInPlace(pool, dx, guarded.Copy<float>(dy));
            function.BackwardGatedInPlace(pool, dGate, dUp, guarded.Copy<float>(dy));
            double[][] slopes = [.. Enumerable.Range(0, length).Select(i => Slopes(name, gate[i], up[i], dy[i]))];
            Compare.Gradients([.. slopes.Select(slope => slope[0])], dGate, $"{name}: dGate, length {length}");
            Compare.Gradients([.. slopes.Select(slope => slope[1])], dUp, $"{name}: dUp, length {length}");
            Compare.Gradients([.. slopes.Select(slope => slope[2])], dx, $"{name}: dx, length {length}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Large_values_saturate(string name)
    {
        ActivationFunction function = Find(name);
        using ComputePool pool = new(1);
        float[] x = [-30, -200, -1e30f, float.MinValue, float.NegativeInfinity, 30, 200, 1e30f, float.PositiveInfinity];
        float[] y = new float[x.Length];
        function.Forward(pool, x, y);
        float[] dx = [.. x];
        function.BackwardInPlace(pool, dx, [.. Enumerable.Repeat(1f, x.Length)]);
        for (int i = 0; i < x.Length; i++)
        {
            Assert.InRange(y[i], Math.Max(0, x[i]) - 1e-11f, Math.Max(0, x[i]));
            Assert.InRange(dx[i], (x[i] > 0 ? 1 : 0) - 1e-11f, (x[i] > 0 ? 1 : 0) + 1e-11f);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_not_a_number_stays_so(string name)
    {
        using ComputePool pool = new(1);
        float[] y = new float[9];
        Find(name).Forward(pool, [.. Enumerable.Repeat(float.NaN, 9)], y);
        Assert.All(y, value => Assert.True(float.IsNaN(value)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Lengths_that_disagree_are_refused(string name)
    {
        ActivationFunction function = Find(name);
        using ComputePool pool = new(1);
        float[] three = new float[3];
        float[] four = new float[4];
        Assert.Throws<ArgumentException>(() => function.Forward(pool, three, four));
        Assert.Throws<ArgumentException>(() => function.BackwardInPlace(pool, three, four));
        Assert.Throws<ArgumentException>(() => function.ForwardGated(pool, three, four, three));
        Assert.Throws<ArgumentException>(() => function.ForwardGated(pool, three, three, four));
        Assert.Throws<ArgumentException>(() => function.BackwardGatedInPlace(pool, three, four, three));
        Assert.Throws<ArgumentException>(() => function.BackwardGatedInPlace(pool, three, three, four));
    }

    [Fact]
    public void Names_are_unique() =>
        Assert.Distinct(ActivationFunctions.All.Select(entry => entry.Name));

    private static ActivationFunction Find(string name) => ActivationFunctions.All.Single(entry => entry.Name == name);

    // Far below 0 the exponential's argument is large, and a relative error of its own becomes one of next to nothing.
    private static double Bound(string name, double x, double expected)
    {
        double least = x < -1 && name != "silu" ? 0.1 : 0;
        return (Tolerances.ElementWise * Math.Max(Math.Abs(expected), least)) + 1e-36;
    }

    private static double[] Slopes(string name, double gate, double up, double dy)
    {
        double[] inputs = [gate, up];
        double[] gated = CentralDifferences.Of(inputs, () => dy * Naive(name, inputs[0]) * inputs[1]);
        return [.. gated, CentralDifferences.At(inputs, () => dy * Naive(name, inputs[0]), [0])[0]];
    }

    private static double Naive(string name, double x) => name switch
    {
        "silu" => x / (1 + Math.Exp(-x)),
        "gelu" => x * NormalDistribution.Of(x),
        "gelu-tanh" => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
        "relu" => Math.Max(0, x),
        _ => throw new ArgumentException($"no formula of {name}", nameof(name)),
    };
}
