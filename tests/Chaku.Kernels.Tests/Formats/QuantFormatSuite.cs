using Chaku.Kernels.Formats;
using CsCheck;

namespace Chaku.Kernels.Tests.Formats;

/// <summary>What holds for every format that is multiplied with 8-bit activations.</summary>
public abstract class QuantFormatSuite : TensorFormatSuite
{
    // The columns of a row: a multiple of every block length.
    private const int Columns = 1024;

    private static readonly byte[] Extremes = [0x00, 0xFF, 0x80, 0x7F, 0x88, 0x77, 0xF0, 0x0F, 0x55, 0xAA];

    protected QuantFormatSuite(string name)
        : base(name) => Layout = BlockLayout.Of(Format);

    private BlockLayout Layout { get; }

    private QuantKernel Kernel => Format.Kernel!;

    [Fact]
    public void A_block_takes_as_many_bytes_as_the_specification_says() =>
        Assert.Equal(Layout.ByteLength, Format.BlockByteLength);

    [Fact]
    public void Activations_come_in_blocks_of_the_same_length() =>
        Assert.Equal(Format.BlockLength, Kernel.ActivationLength);

    [Fact]
    public void A_weight_is_its_scaled_code_plus_its_minimum_rounded_once()
    {
        Gen.Int.Sample(seed =>
        {
            byte[] blocks = RandomBlocks(2, new Random(seed));
            float[] expected = Dequantise(blocks);
            if (Layout.MinimumAt is not null)
            {
                float[] codes = Dequantise(Layout.WithoutMinima(blocks));
                float[] minima = Dequantise(Layout.WithoutScales(blocks));
                expected = [.. codes.Zip(minima, (code, minimum) => (float)((double)code + minimum))];
            }

            Assert.Equal(expected, Dequantise(blocks));
        });
    }

    [Fact]
    public void Dot_is_within_its_rounding_of_the_double_precision_dot()
    {
        Gen.Int.Sample(seed =>
        {
            Random random = new(seed);
            float[] x = [.. Enumerable.Range(0, Columns).Select(_ => (random.NextSingle() * 8) - 4)];
            CheckDot(RandomBlocks(Columns / Format.BlockLength, random), x);
        });
    }

    [Fact]
    public void Dot_holds_at_extreme_codes()
    {
        float[] constant = [.. Enumerable.Repeat(2.5f, Columns)];
        float[] alternating = [.. Enumerable.Range(0, Columns).Select(i => i % 2 == 0 ? 2.5f : -2.5f)];
        float[] negative = [.. constant.Select(value => -value)];
        foreach (byte value in Extremes)
        {
            byte[] blocks = Layout.UniformBlocks(Columns / Format.BlockLength, value, scale: 0.25f, minimum: -0.125f);
            CheckDot(blocks, constant);
            CheckDot(blocks, negative);
            CheckDot(blocks, alternating);
        }
    }

    [Fact]
    public void Dot_with_blocks_of_zero_is_zero()
    {
        float[] x = [.. Enumerable.Range(0, Columns).Select(i => MathF.Sin(i))];
        byte[] zero = new byte[Columns / Format.BlockLength * Layout.ByteLength];
        Assert.Equal(0f, Kernel.DotReference(zero, Rounded(x)));
        Assert.All(Dequantise(zero), weight => Assert.Equal(0f, weight));

        byte[] blocks = RandomBlocks(Columns / Format.BlockLength, new Random(2));
        Assert.Equal(0f, Kernel.DotReference(blocks, Rounded(new float[Columns])));
    }

    [Fact]
    public void Dot_with_activations_that_are_not_finite_is_NaN()
    {
        byte[] blocks = RandomBlocks(Columns / Format.BlockLength, new Random(3));
        foreach (float value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            float[] x = [.. Enumerable.Repeat(1f, Columns)];
            x[Columns / 2] = value;
            Assert.True(float.IsNaN(Kernel.DotReference(blocks, Rounded(x))));
        }
    }

    private protected override byte[] RandomBlocks(int count, Random random) => Layout.RandomBlocks(count, random);

    private byte[] Rounded(float[] x)
    {
        byte[] activations = new byte[Kernel.ActivationByteLength(x.Length)];
        Kernel.Quantise(x, activations);
        return activations;
    }

    // Scaled codes and minima are exact in float32 on their own, so that the sum below is the real one.
    private void CheckDot(byte[] blocks, float[] x)
    {
        byte[] activations = Rounded(x);
        double[] rounded = RoundedActivations.Values(Kernel, activations);
        bool hasMinima = Layout.MinimumAt is not null;
        List<float[]> parts = [Dequantise(Layout.WithoutMinima(blocks))];
        if (hasMinima)
        {
            parts.Add(Dequantise(Layout.WithoutScales(blocks)));
        }

        double sum = 0;
        double magnitude = 0;
        foreach (float[] part in parts)
        {
            for (int start = 0; start < Columns; start += Format.BlockLength)
            {
                double term = Enumerable.Range(start, Format.BlockLength).Sum(i => part[i] * rounded[i]);
                sum += term;
                magnitude += Math.Abs(term);
            }
        }

        double bound = DotErrorBound.Of(Columns / Format.BlockLength * parts.Count, magnitude);
        Assert.InRange(Kernel.DotReference(blocks, activations) - sum, -bound - 1e-12, bound + 1e-12);
    }
}
