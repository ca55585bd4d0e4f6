using Chaku.Kernels.Formats;
using CsCheck;

namespace Chaku.Kernels.Tests.Formats;

public sealed class ActivationTests
{
    private static readonly Gen<float> Value = Gen.OneOf(
        Gen.Float[-4, 4],
        Gen.Float[-1e-6f, 1e-6f],
        Gen.Float[-1e30f, 1e30f],
        Gen.OneOf(0f, -0f, float.Epsilon, -1e-40f, 0.5f, 1.5f, -2.5f, 63.5f, 127f, -127f, 3e38f));

    private static readonly Gen<float> NotFinite =
        Gen.OneOf(float.NaN, float.PositiveInfinity, float.NegativeInfinity);

    // Values that are ties between codes: the largest is 127, so that a value is its own scaled code.
    private static readonly Gen<float> Tie = Gen.Int[-253, 253].Select(i => i / 2f);

    [Fact]
    public void Blocks_of_32_equal_the_plain_rounding() => Value.Array[32].Sample(Check32, iter: 3000);

    [Fact]
    public void Blocks_of_256_equal_the_plain_rounding() => Value.Array[256].Sample(Check256, iter: 500);

    [Fact]
    public void Ties_go_to_the_even_code() => Tie.Array[31].Sample(x => Check32([.. x, 127f]), iter: 1000);

    [Fact]
    public void A_block_at_any_magnitude_equals_the_plain_rounding()
    {
        Gen.Select(Gen.Float[-1, 1].Array[32], Gen.Int[-149, 127]).Sample(
            (x, exponent) => Check32([.. x.Select(value => MathF.ScaleB(value, exponent))]), iter: 3000);
    }

    [Fact]
    public void A_block_with_a_value_that_is_not_finite_has_the_scale_NaN_and_no_codes()
    {
        Gen.Select(Value.Array[256], Gen.Int[0, 255], NotFinite).Sample((x, place, value) =>
        {
            x[place] = value;
            Activation256 block = default;
            block.Codes[7] = 5;
            block.Sums[3] = 5;
            Activation256.Quantise(x, ref block);
            Assert.True(float.IsNaN(block.Scale));
            Assert.Equal(new sbyte[256], ((ReadOnlySpan<sbyte>)block.Codes).ToArray());
            Assert.Equal(new short[16], ((ReadOnlySpan<short>)block.Sums).ToArray());
        });
    }

    [Fact]
    public void A_block_of_zeros_or_of_values_near_the_least_float_is_zero()
    {
        foreach (float value in new[] { 0f, -0f, float.Epsilon, -1e-40f, 1e-38f })
        {
            Activation32 block = default;
            block.Codes[7] = 5;
            Activation32.Quantise(Enumerable.Repeat(value, 32).ToArray(), ref block);
            Assert.Equal(0f, block.Scale);
            Assert.Equal(0, block.Sum);
            Assert.Equal(new sbyte[32], ((ReadOnlySpan<sbyte>)block.Codes).ToArray());
        }
    }

    private static void Check32(float[] x)
    {
        Activation32 block = default;
        Activation32.Quantise(x, ref block);
        CheckCodes(x, block.Scale, ((ReadOnlySpan<sbyte>)block.Codes).ToArray());
        Assert.Equal(((ReadOnlySpan<sbyte>)block.Codes).ToArray().Sum(code => code), block.Sum);
    }

    private static void Check256(float[] x)
    {
        Activation256 block = default;
        Activation256.Quantise(x, ref block);
        sbyte[] codes = ((ReadOnlySpan<sbyte>)block.Codes).ToArray();
        CheckCodes(x, block.Scale, codes);
        Assert.Equal(
            codes.Chunk(16).Select(chunk => chunk.Sum(code => code)),
            ((ReadOnlySpan<short>)block.Sums).ToArray().Select(sum => (int)sum));
    }

    private static void CheckCodes(float[] x, float scale, sbyte[] codes)
    {
        float largest = x.Max(MathF.Abs);
        float factor = 127 / largest;
        if (largest == 0 || float.IsInfinity(factor))
        {
            Assert.Equal(0f, scale);
            Assert.All(codes, code => Assert.Equal(0, code));
            return;
        }

        Assert.Equal(largest / 127, scale);
        Assert.Equal(x.Select(value => (sbyte)MathF.Round(value * factor, MidpointRounding.ToEven)), codes);
        Assert.All(codes, code => Assert.InRange(code, -127, 127));

        // Half a code, and 2^-16 of one for the roundings of factor, product and scale; a subnormal scale is coarser.
        double bound = (scale * (0.5 + (1.0 / 65536))) + (127 * (double)float.Epsilon);
        for (int i = 0; i < x.Length; i++)
        {
            Assert.InRange(x[i] - ((double)scale * codes[i]), -bound, bound);
        }
    }
}
