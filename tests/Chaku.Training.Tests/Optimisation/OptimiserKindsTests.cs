using Chaku.Kernels.Ops;
using Chaku.Training.Gradients;
using Chaku.Training.Optimisation;

namespace Chaku.Training.Tests.Optimisation;

public sealed class OptimiserKindsTests
{
    private const int Length = 700;
    private const double Rate = 0.01;
    private static readonly AdamW Constants = new(0.9, 0.999, 1e-8, 0);

    [Fact]
    public void The_first_is_adam_in_float32_to_the_last_bit()
    {
        float[] expected = Target(1), mean = new float[Length], square = new float[Length];
        float[] gradient = Target(2);
        using TrainedTensor tensor = new("x", Target(1));
        TensorMoments moments = OptimiserKinds.All[0].CreateMoments(tensor);
        for (int step = 1; step <= 3; step++)
        {
            Constants.Step(Rate, step, 0.5f, gradient, expected, mean, square);
            gradient.CopyTo(tensor.Gradient);
            moments.Update(Constants, Rate, step, 0.5f);
        }

        Assert.Equal(expected, tensor.Values);
    }

    [Fact]
    public void Every_optimiser_finds_the_bottom_of_a_quadratic()
    {
        foreach (OptimiserKind kind in OptimiserKinds.All)
        {
            float[] found = Descend(kind.Name, 600);
            Assert.InRange(Distance(found, Target(3)), 0, 0.02);
        }
    }

    [Fact]
    public void In_8_bits_the_way_stays_close_to_that_in_float32()
    {
        float[] start = new float[Length];
        foreach (int stepCount in (int[])[1, 20, 100])
        {
            float[] exact = Descend("adamw", stepCount);
            float[] rounded = Descend("adamw-8bit", stepCount);

            Assert.InRange(Distance(rounded, exact), 0, 0.05 * Distance(exact, start));
        }
    }

    // A value that once had a gradient and then none: its mean must not be divided by a square that rounded to 0.
    [Fact]
    public void In_8_bits_a_step_is_bounded_where_gradients_of_a_block_differ_by_far()
    {
        using TrainedTensor tensor = new("x", new float[Length]);
        TensorMoments moments = Kind("adamw-8bit").CreateMoments(tensor);
        Random random = new(5);
        float[] before = new float[Length];
        for (int step = 1; step <= 200; step++)
        {
            for (int i = 0; i < Length; i++)
            {
                bool isQuiet = i % 3 != 0 && step > 3;
                tensor.Gradient[i] = isQuiet ? 0 : (float)((random.NextDouble() - 0.5) * Math.Pow(10, -(i % 12)));
            }

            tensor.Values.CopyTo(before);
            moments.Update(Constants, Rate, step, 1);
            for (int i = 0; i < Length; i++)
            {
                Assert.InRange(Math.Abs(tensor.Values[i] - before[i]), 0, 10 * Rate);
            }
        }
    }

    [Fact]
    public void Eight_bits_take_a_quarter_of_the_memory()
    {
        using TrainedTensor tensor = new("x", new float[1 << 16]);

        long single = Kind("adamw").CreateMoments(tensor).ByteLength;
        long bytes = Kind("adamw-8bit").CreateMoments(tensor).ByteLength;

        Assert.Equal(8L << 16, single);
        Assert.Equal((2L << 16) + (2 * 4 * 256), bytes);
    }

    [Fact]
    public void A_tensors_own_factor_multiplies_the_learning_rate()
    {
        foreach (OptimiserKind kind in OptimiserKinds.All)
        {
            using TrainedTensor plain = new("a", Target(1));
            using TrainedTensor faster = new("b", Target(1)) { RateFactor = 16 };
            plain.Gradient.Fill(0.1f);
            faster.Gradient.Fill(0.1f);
            kind.CreateMoments(plain).Update(Constants, 16 * Rate, 1, 1);
            kind.CreateMoments(faster).Update(Constants, Rate, 1, 1);

            Assert.Equal(plain.Values, faster.Values);
        }
    }

    private static OptimiserKind Kind(string name) => Assert.Single(OptimiserKinds.All, kind => kind.Name == name);

    // Half the squared distance to a target, with a curvature of its own for each coordinate.
    private static float[] Descend(string name, int stepCount)
    {
        float[] values = new float[Length];
        float[] target = Target(3);
        using TrainedTensor tensor = new("x", values);
        TensorMoments moments = Kind(name).CreateMoments(tensor);
        for (int step = 1; step <= stepCount; step++)
        {
            for (int i = 0; i < Length; i++)
            {
                tensor.Gradient[i] = (1 + (i % 7)) * (values[i] - target[i]);
            }

            moments.Update(Constants, Rate, step, 1);
        }

        return values;
    }

    private static float[] Target(ulong seed) =>
        [.. Enumerable.Range(0, Length).Select(i => (float)CounterRandom.Normal(seed, 0, (ulong)i))];

    private static double Distance(float[] a, float[] b) =>
        Math.Sqrt(a.Zip(b, (left, right) => Math.Pow(left - right, 2)).Average());
}
