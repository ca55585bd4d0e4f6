using System.Runtime.Intrinsics;
using Chaku.Kernels.Ops;
using CsCheck;

namespace Chaku.Kernels.Tests.Ops;

public sealed class VectorMathTests
{
    private const float Lowest = -87.33654f;
    private const float Highest = 88.72283f;

    [Fact]
    public void Exp_is_within_2_ulp_of_double_precision()
    {
        // Every 10007th float of either sign from 2^-30 to the limits, and the ones beside multiples of ln 2 / 2.
        double worst = 0;
        for (int bits = 0x30800000; BitConverter.Int32BitsToSingle(bits) <= Highest; bits += 10_007)
        {
            float x = BitConverter.Int32BitsToSingle(bits);
            worst = Math.Max(worst, UlpError(x));
            worst = Math.Max(worst, UlpError(Math.Max(-x, Lowest)));
        }

        for (int half = -251; half <= 255; half++)
        {
            float edge = (float)(half * Math.Log(2) / 2);
            worst = Math.Max(worst, UlpError(edge));
            worst = Math.Max(worst, UlpError(MathF.BitIncrement(edge)));
            worst = Math.Max(worst, UlpError(MathF.BitDecrement(edge)));
        }

        worst = Math.Max(worst, Math.Max(UlpError(Lowest), UlpError(Highest)));
        Assert.True(worst <= 2, $"{worst} ulp");
    }

    [Theory]
    [InlineData(0f, 1f)]
    [InlineData(float.Epsilon, 1f)]
    [InlineData(-1e-30f, 1f)]
    [InlineData(-87.33655f, 0f)]
    [InlineData(-88f, 0f)]
    [InlineData(-104f, 0f)]
    [InlineData(float.MinValue, 0f)]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(88.72284f, float.PositiveInfinity)]
    [InlineData(89f, float.PositiveInfinity)]
    [InlineData(float.MaxValue, float.PositiveInfinity)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(float.NaN, float.NaN)]
    public void Exp_of_special_values(float x, float expected) => Assert.Equal(expected, VectorMath.Exp(x));

    [Fact]
    public void Exp_never_gives_a_subnormal()
    {
        for (float x = Lowest; x > -88; x = MathF.BitDecrement(x))
        {
            float y = VectorMath.Exp(x);
            Assert.True(y == 0 || float.IsNormal(y), $"{x:R}: {y:R}");
        }
    }

    [Fact]
    public void Exp_of_a_lane_does_not_depend_on_the_other_lanes() =>
        Gen.Float[-110, 110].Array[8].Sample(
            x =>
            {
                Vector256<float> y = VectorMath.Exp(Vector256.Create(x));
                for (int lane = 0; lane < 8; lane++)
                {
                    Compare.Bits([VectorMath.Exp(x[lane])], [y[lane]], $"{x[lane]:R}");
                }
            },
            iter: 2000);

    [Fact]
    public void Tanh_is_within_2_ulp_of_double_precision()
    {
        double worst = 0;
        for (int bits = 0x20000000; BitConverter.Int32BitsToSingle(bits) <= 100; bits += 9_973)
        {
            float x = BitConverter.Int32BitsToSingle(bits);
            double exact = Math.Tanh(x);
            double ulp = MathF.BitIncrement((float)exact) - (double)(float)exact;
            Vector256<float> y = VectorMath.Tanh(Vector256.Create(x, -x, 0, 0, 0, 0, 0, 0));
            worst = Math.Max(worst, Math.Abs(y[0] - exact) / ulp);
            Assert.Equal(y[0], -y[1]);
            Assert.InRange(y[0], 0, 1);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{worst} ulp");
        Assert.True(worst <= 2, $"{worst} ulp");
    }

    [Theory]
    [InlineData(0f, 0f)]
    [InlineData(1e-30f, 1e-30f)]
    [InlineData(50f, 1f)]
    [InlineData(float.MaxValue, 1f)]
    [InlineData(float.NegativeInfinity, -1f)]
    [InlineData(float.PositiveInfinity, 1f)]
    [InlineData(float.NaN, float.NaN)]
    public void Tanh_of_special_values(float x, float expected) =>
        Assert.Equal(expected, VectorMath.Tanh(Vector256.Create(x)).ToScalar());

    [Fact]
    public void Erfc_is_within_its_bound_of_double_precision()
    {
        double worst = 0;
        for (int bits = 0; bits < 0x7F800000; bits += 7_001)
        {
            float x = BitConverter.Int32BitsToSingle(bits);
            float y = VectorMath.Erfc(Vector256.Create(x)).ToScalar();
            worst = Math.Max(worst, Math.Abs(y - NormalDistribution.Erfc(x)));
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{worst}");
        Assert.True(worst <= 1.5e-7, $"{worst}");
        Assert.Equal(0, VectorMath.Erfc(Vector256.Create(float.PositiveInfinity)).ToScalar());
        Assert.True(float.IsNaN(VectorMath.Erfc(Vector256.Create(float.NaN)).ToScalar()));
    }

    [Fact]
    public void Total_is_8_chains_added_as_a_sum()
    {
        for (int count = 0; count <= 100; count++)
        {
            using GuardedBuffer guarded = new();
            float[] x = Values.Normal(count, count);
            float[] chains = new float[8];
            for (int i = 0; i < count; i++)
            {
                chains[i % 8] += x[i];
            }

            float total = VectorMath.Total(guarded.Copy<float>(x));
            Compare.Bits([VectorMath.Sum(Vector256.Create(chains))], [total], $"count {count}");
        }
    }

    [Fact]
    public void Sum_adds_in_its_documented_order() =>
        Gen.Float[-1000, 1000].Array[8].Sample(
            x =>
            {
                float even = (x[0] + x[4]) + (x[2] + x[6]);
                float odd = (x[1] + x[5]) + (x[3] + x[7]);
                Compare.Bits([even + odd], [VectorMath.Sum(Vector256.Create(x))]);
            },
            iter: 2000);

    [Fact]
    public void Dot_is_8_chains_added_as_a_sum()
    {
        for (int count = 0; count <= 70; count++)
        {
            using GuardedBuffer guarded = new();
            float[] a = Values.Normal(count, count);
            float[] b = Values.Normal(count + 1000, count);
            float[] chains = new float[8];
            double exact = 0;
            double magnitude = 0;
            for (int i = 0; i < count; i++)
            {
                chains[i % 8] = MathF.FusedMultiplyAdd(a[i], b[i], chains[i % 8]);
                exact += (double)a[i] * b[i];
                magnitude += Math.Abs((double)a[i] * b[i]);
            }

            float dot = VectorMath.Dot(guarded.Copy<float>(a), guarded.Copy<float>(b));
            Compare.Bits([VectorMath.Sum(Vector256.Create(chains))], [dot], $"count {count}");
            Compare.Close(exact, dot, Tolerances.Sum((count / 8) + 4) * magnitude, $"count {count}");
        }
    }

    [Fact]
    public void Element_wise_operations_equal_scalar_code_at_every_length()
    {
        for (int count = 0; count <= 40; count++)
        {
            using GuardedBuffer guarded = new();
            float[] source = Values.Normal(count, count);
            float[] target = Values.Normal(count + 1000, count);
            Span<float> x = guarded.Copy<float>(source);
            Span<float> y = guarded.Copy<float>(target);
            VectorMath.Add(x, y);
            Compare.Bits([.. source.Zip(target, (a, b) => a + b)], y);
            target.CopyTo(y);
            VectorMath.AddScaled(0.3f, x, y);
            Compare.Bits([.. source.Zip(target, (a, b) => MathF.FusedMultiplyAdd(0.3f, a, b))], y);
            VectorMath.Scale(-1.7f, x);
            Compare.Bits([.. source.Select(value => value * -1.7f)], x);
        }
    }

    [Fact]
    public void Lengths_that_disagree_are_refused()
    {
        Assert.Throws<ArgumentException>(() => VectorMath.Dot(new float[3], new float[4]));
        Assert.Throws<ArgumentException>(() => VectorMath.Add(new float[3], new float[4]));
        Assert.Throws<ArgumentException>(() => VectorMath.AddScaled(1, new float[4], new float[3]));
    }

    private static double UlpError(float x)
    {
        double exact = Math.Exp(x);
        float rounded = (float)exact;
        double ulp = rounded - (double)MathF.BitDecrement(rounded);
        return Math.Abs(VectorMath.Exp(x) - exact) / ulp;
    }
}
