using System.Runtime.Intrinsics;
using Chaku.Kernels.Ops;

namespace Chaku.Kernels.Tests.Ops;

public sealed class SoftMaxTileTests
{
    [Fact]
    public void Powers_have_the_bits_of_the_exponential_and_sum_up_in_its_order()
    {
        float[] scores = [.. Values.Normal(3, 64, deviation: 30)];
        scores[7] = float.NegativeInfinity;
        using GuardedBuffer guarded = new();
        Span<float> powers = guarded.Copy<float>(scores);
        float largest = SoftMaxTile.Largest(powers);
        Assert.Equal(scores.Max(), largest);
        float sum = SoftMaxTile.Powers(powers, largest, 0, 64);
        Compare.Bits([.. scores.Select(score => VectorMath.Exp(score - largest))], powers, "powers");
        Assert.Equal(VectorMath.Total(powers), sum);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(9, 17)]
    [InlineData(63, 64)]
    public void Vectors_without_a_visible_key_are_left_alone(int begin, int end)
    {
        float[] scores = [.. Enumerable.Repeat(3f, 64)];
        scores.AsSpan(0, begin).Fill(float.NegativeInfinity);
        scores.AsSpan(end).Fill(float.NegativeInfinity);
        float sum = SoftMaxTile.Powers(scores, 3, begin, end);
        Assert.Equal(end - begin, sum);
        Assert.All(scores[begin..end], power => Assert.Equal(1, power));
    }

    [Fact]
    public void What_is_not_a_number_makes_the_sum_none()
    {
        float[] scores = Values.Normal(5, 64);
        scores[40] = float.NaN;
        Assert.True(float.IsNaN(SoftMaxTile.Powers(scores, 3, 0, 64)));
    }

    [Fact]
    public void The_exponential_of_negative_numbers_has_the_bits_of_the_other()
    {
        for (int i = 0; i <= 300_000; i++)
        {
            float x = -i * 33e-5f;
            Vector256<float> vector = Vector256.Create(x);
            if (VectorMath.ExpOfNegative(vector) != VectorMath.Exp(vector))
            {
                Assert.Equal(VectorMath.Exp(x), VectorMath.ExpOfNegative(vector).ToScalar());
            }
        }

        float[] edges = [0, -0f, -1e-38f, -87.33654f, -87.33655f, -88, -104, -1e30f, float.NegativeInfinity];
        foreach (float x in edges)
        {
            Assert.Equal(VectorMath.Exp(x), VectorMath.ExpOfNegative(Vector256.Create(x)).ToScalar());
        }

        Assert.True(float.IsNaN(VectorMath.ExpOfNegative(Vector256.Create(float.NaN)).ToScalar()));
    }
}
