using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Ops;

public sealed class RotaryEmbeddingTests
{
    private const int Heads = 3;
    private static readonly int[] Positions = [0, 1, 7, 100_000];

    private static readonly (int HeadSize, int Rotated)[] Sizes =
        [(8, 8), (16, 16), (20, 20), (20, 10), (64, 64), (64, 16), (80, 80), (80, 26), (2, 2), (8, 0), (66, 34)];

    public static TheoryData<string, float> Layouts
    {
        get
        {
            TheoryData<string, float> layouts = [];
            foreach (string name in Enum.GetNames<RotaryLayout>())
            {
                layouts.Add(name, 1);
                layouts.Add(name, 1.19f);
            }

            return layouts;
        }
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Forward_turns_pairs_by_the_position_s_angles(string name, float factor)
    {
        using ComputePool pool = new(1);
        RotaryLayout layout = Enum.Parse<RotaryLayout>(name);
        foreach ((int headSize, int rotated) in Sizes)
        {
            float[] x = Values.Normal(headSize, Positions.Length * Heads * headSize);
            double[] expected = Naive(layout, Values.Doubles(x), headSize, rotated, factor);
            using GuardedBuffer guarded = new();
            Span<float> y = guarded.Copy<float>(x);
            (float[] cosines, float[] sines) = Angles(layout, rotated, factor);
            RotaryEmbedding.Forward(
                pool,
                layout, y, headSize, Positions.Length, guarded.Copy<float>(cosines), guarded.Copy<float>(sines));
            Compare.Close(expected, y, Tolerances.ElementWise * expected.Max(Math.Abs), $"{rotated} of {headSize}");
            for (int i = 0; i < x.Length; i++)
            {
                Assert.True(i % headSize < rotated || x[i] == y[i], $"element {i} is behind the rotated ones");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Backward_is_the_derivative(string name, float factor)
    {
        using ComputePool pool = new(1);
        RotaryLayout layout = Enum.Parse<RotaryLayout>(name);
        foreach ((int headSize, int rotated) in Sizes.Where(size => size.HeadSize <= 20))
        {
            (float[] cosines, float[] sines) = Angles(layout, rotated, factor);
            float[] dy = Values.Normal(2, Positions.Length * Heads * headSize);
            float[] dx = [.. dy];
            RotaryEmbedding.Backward(pool, layout, dx, headSize, Positions.Length, cosines, sines);
            double[] x = Values.Doubles(Values.Normal(1, dy.Length));
            double[] expected = CentralDifferences.Of(
                x, () => Naive(layout, x, headSize, rotated, factor).Zip(dy, (y, d) => y * d).Sum());
            Compare.Gradients(expected, dx, $"{rotated} of {headSize}");
        }
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Bits_do_not_depend_on_the_batch(string name, float factor)
    {
        using ComputePool pool = new(1);
        RotaryLayout layout = Enum.Parse<RotaryLayout>(name);
        (float[] cosines, float[] sines) = Angles(layout, 20, factor);
        float[] together = Values.Normal(1, Positions.Length * Heads * 20);
        float[] alone = together[(2 * Heads * 20)..][..(Heads * 20)];
        RotaryEmbedding.Forward(pool, layout, together, 20, Positions.Length, cosines, sines);
        RotaryEmbedding.Forward(pool, layout, alone, 20, 1, cosines.AsSpan(40, 20), sines.AsSpan(40, 20));
        Compare.Bits(together.AsSpan(2 * Heads * 20, Heads * 20), alone);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Bits_do_not_depend_on_the_threads(string name, float factor)
    {
        const int tokens = 300;
        RotaryLayout layout = Enum.Parse<RotaryLayout>(name);
        float[] cosines = Values.Normal(1, tokens * 64), sines = Values.Normal(2, tokens * 64);
        float[] alone = [.. Values.Normal(3, tokens * 4 * 70).Select(value => value * factor)];
        float[] together = [.. alone];
        using ComputePool one = new(1);
        using ComputePool three = new(3);
        RotaryEmbedding.Forward(one, layout, alone, 70, tokens, cosines, sines);
        RotaryEmbedding.Forward(three, layout, together, 70, tokens, cosines, sines);
        Compare.Bits(alone, together);
        RotaryEmbedding.Backward(one, layout, alone, 70, tokens, cosines, sines);
        RotaryEmbedding.Backward(three, layout, together, 70, tokens, cosines, sines);
        Compare.Bits(alone, together);
    }

    [Fact]
    public void Layouts_are_permutations_of_each_other_to_the_bit()
    {
        using ComputePool pool = new(1);
        for (int rotated = 2; rotated <= 100; rotated += 2)
        {
            float[] pairs = Values.Normal(rotated, Positions.Length * rotated);
            float[] halves = Permuted(pairs, rotated);
            (float[] cosines, float[] sines) = Angles(RotaryLayout.Pairs, rotated, 1);
            RotaryEmbedding.Forward(pool, RotaryLayout.Pairs, pairs, rotated, Positions.Length, cosines, sines);
            (cosines, sines) = Angles(RotaryLayout.Halves, rotated, 1);
            RotaryEmbedding.Forward(pool, RotaryLayout.Halves, halves, rotated, Positions.Length, cosines, sines);
            Compare.Bits(Permuted(pairs, rotated), halves, $"{rotated}");
        }
    }

    [Theory]
    [InlineData(23, 8, 16, 16)]
    [InlineData(24, 8, 16, 12)]
    [InlineData(24, 8, 15, 15)]
    [InlineData(24, 8, 14, 14)]
    [InlineData(24, 8, 20, 20)]
    [InlineData(24, 5, 8, 8)]
    public void Lengths_that_disagree_are_refused(int xLength, int headSize, int cosineCount, int sineCount)
    {
        using ComputePool pool = new(1);
        foreach (RotaryLayout layout in Enum.GetValues<RotaryLayout>())
        {
            Assert.Throws<ArgumentException>(() => RotaryEmbedding.Forward(
                pool,
                layout, new float[xLength], headSize, 2, new float[cosineCount], new float[sineCount]));
        }
    }

    private static double[] Naive(RotaryLayout layout, double[] x, int headSize, int rotated, float factor)
    {
        double[] y = [.. x];
        double[] frequencies = Frequencies(rotated);
        for (int head = 0; head < x.Length; head += headSize)
        {
            int position = Positions[head / (Heads * headSize)];
            for (int pair = 0; pair < rotated / 2; pair++)
            {
                int a = head + (layout == RotaryLayout.Pairs ? 2 * pair : pair);
                int b = layout == RotaryLayout.Pairs ? a + 1 : a + (rotated / 2);
                double angle = position * frequencies[pair];
                y[a] = factor * ((x[a] * Math.Cos(angle)) - (x[b] * Math.Sin(angle)));
                y[b] = factor * ((x[a] * Math.Sin(angle)) + (x[b] * Math.Cos(angle)));
            }
        }

        return y;
    }

    // Rows of pairs in the order of halves: first all even places, then all odd ones.
    private static float[] Permuted(float[] rows, int width) =>
    [
        .. rows.Chunk(width).SelectMany(row =>
            row.Where((_, i) => i % 2 == 0).Concat(row.Where((_, i) => i % 2 == 1))),
    ];

    private static double[] Frequencies(int rotated) =>
        [.. Enumerable.Range(0, rotated / 2).Select(pair => Math.Pow(10_000, -2.0 * pair / rotated))];

    private static (float[] Cosines, float[] Sines) Angles(RotaryLayout layout, int rotated, float factor)
    {
        float[] cosines = new float[Positions.Length * rotated];
        float[] sines = new float[cosines.Length];
        for (int token = 0; token < Positions.Length; token++)
        {
            RotaryEmbedding.Angles(
                layout,
                Positions[token],
                Frequencies(rotated),
                factor,
                cosines.AsSpan(token * rotated, rotated),
                sines.AsSpan(token * rotated, rotated));
        }

        return (cosines, sines);
    }
}
