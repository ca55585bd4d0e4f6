using Chaku.Kernels.Ops;

namespace Chaku.Kernels.Tests.Ops;

public sealed class RotaryEmbeddingTests
{
    private const int Heads = 3;
    private static readonly int[] Positions = [0, 1, 7, 100_000];

    public static TheoryData<int, int> Sizes => new()
    {
        { 8, 8 }, { 16, 16 }, { 20, 20 }, { 20, 10 }, { 64, 64 }, { 64, 16 }, { 80, 80 }, { 80, 26 }, { 2, 2 },
        { 8, 0 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Forward_turns_pairs_by_the_position_s_angles(int headSize, int rotated)
    {
        float[] x = Values.Normal(headSize, Positions.Length * Heads * headSize);
        double[] expected = Values.Doubles(x);
        double[] frequencies = Frequencies(rotated);
        for (int i = 0; i < expected.Length; i += 2)
        {
            if (i % headSize < rotated)
            {
                double angle = Positions[i / (Heads * headSize)] * frequencies[i % headSize / 2];
                (double a, double b) = (expected[i], expected[i + 1]);
                expected[i] = (a * Math.Cos(angle)) - (b * Math.Sin(angle));
                expected[i + 1] = (a * Math.Sin(angle)) + (b * Math.Cos(angle));
            }
        }

        using GuardedBuffer guarded = new();
        Span<float> y = guarded.Copy<float>(x);
        (float[] cosines, float[] sines) = Angles(rotated);
        RotaryEmbedding.Forward(
            y, headSize, Positions.Length, guarded.Copy<float>(cosines), guarded.Copy<float>(sines));
        Compare.Close(expected, y, Tolerances.ElementWise * expected.Max(Math.Abs), $"{rotated} of {headSize}");
        for (int i = 0; i < x.Length; i++)
        {
            Assert.True(i % headSize < rotated || x[i] == y[i], $"element {i} is behind the rotated ones");
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Backward_is_the_transposed_rotation(int headSize, int rotated)
    {
        // <dy, R x> = <Rᵀ dy, x> for every x is what a linear map's backward is.
        (float[] cosines, float[] sines) = Angles(rotated);
        float[] x = Values.Normal(1, Positions.Length * Heads * headSize);
        float[] dy = Values.Normal(2, x.Length);
        float[] y = [.. x];
        float[] dx = [.. dy];
        RotaryEmbedding.Forward(y, headSize, Positions.Length, cosines, sines);
        RotaryEmbedding.Backward(dx, headSize, Positions.Length, cosines, sines);
        for (int pair = 0; pair < x.Length; pair += 2)
        {
            double forward = ((double)dy[pair] * y[pair]) + ((double)dy[pair + 1] * y[pair + 1]);
            double backward = ((double)dx[pair] * x[pair]) + ((double)dx[pair + 1] * x[pair + 1]);
            Compare.Close(forward, (float)backward, 20 * Tolerances.ElementWise, $"pair at {pair}");
        }
    }

    [Fact]
    public void Bits_do_not_depend_on_the_batch()
    {
        (float[] cosines, float[] sines) = Angles(20);
        float[] together = Values.Normal(1, Positions.Length * Heads * 20);
        float[] alone = together[(2 * Heads * 20)..][..(Heads * 20)];
        RotaryEmbedding.Forward(together, 20, Positions.Length, cosines, sines);
        RotaryEmbedding.Forward(alone, 20, 1, cosines.AsSpan(40, 20), sines.AsSpan(40, 20));
        Compare.Bits(together.AsSpan(2 * Heads * 20, Heads * 20), alone);
    }

    [Theory]
    [InlineData(23, 8, 16, 16)]
    [InlineData(24, 8, 16, 12)]
    [InlineData(24, 8, 15, 15)]
    [InlineData(24, 8, 20, 20)]
    [InlineData(24, 5, 8, 8)]
    public void Lengths_that_disagree_are_refused(int xLength, int headSize, int cosineCount, int sineCount) =>
        Assert.Throws<ArgumentException>(() => RotaryEmbedding.Forward(
            new float[xLength], headSize, 2, new float[cosineCount], new float[sineCount]));

    private static double[] Frequencies(int rotated) =>
        [.. Enumerable.Range(0, rotated / 2).Select(pair => Math.Pow(10_000, -2.0 * pair / rotated))];

    private static (float[] Cosines, float[] Sines) Angles(int rotated)
    {
        float[] cosines = new float[Positions.Length * rotated];
        float[] sines = new float[cosines.Length];
        for (int token = 0; token < Positions.Length; token++)
        {
            RotaryEmbedding.Angles(
                Positions[token],
                Frequencies(rotated),
                cosines.AsSpan(token * rotated, rotated),
                sines.AsSpan(token * rotated, rotated));
        }

        return (cosines, sines);
    }
}
