using Chaku.Kernels.Formats;
using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;
using Chaku.Tests;
using CsCheck;

namespace Chaku.Kernels.Tests.Formats;

/// <summary>
/// Weights to blocks, for every format: beside llama.cpp's blocks, and what must hold for any weights.
/// </summary>
public sealed class QuantiseTests
{
    // How much larger than llama.cpp's the error may be at most.
    private const double MostRatio = 1.01;

    private const int Columns = 512;

    public static TheoryData<string> Formats => [.. TensorFormats.All.Select(format => format.Name)];

    public static TheoryData<string> SearchedFormats =>
        [.. TensorFormats.All.Where(format => format.BlockLength > 1 && format.Name != "Q8_0").Select(f => f.Name)];

    [Theory]
    [InlineData("F16")]
    [InlineData("Q4_0")]
    [InlineData("Q4_1")]
    [InlineData("Q5_0")]
    [InlineData("Q8_0")]
    public void Blocks_are_those_of_llama_cpp(string name) =>
        Assert.Equal(Golden(name + ".blocks"), Quantise(name, Source(), []));

    [Theory]
    [InlineData("Q2_K")]
    [InlineData("Q4_K")]
    [InlineData("Q5_K")]
    [InlineData("Q6_K")]
    public void The_error_of_k_quants_is_hardly_larger_than_that_of_llama_cpp(string name)
    {
        float[] source = Source();
        double theirs = RoundingError.Of(source, Dequantise(name, Golden(name + ".blocks"))).Relative;
        Assert.InRange(Error(name, source, []), 0, MostRatio * theirs);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Zeros_stay_zeros(string name) =>
        Assert.All(Dequantise(name, Quantise(name, new float[Columns], [])), weight => Assert.Equal(0, weight));

    [Theory]
    [MemberData(nameof(Formats))]
    public void Weights_that_are_all_the_same_stay_so(string name)
    {
        foreach (float value in new[] { 1f, -1f, 0.05f, -0.05f, 1000f })
        {
            float[] weights = [.. Enumerable.Repeat(value, Columns)];
            Assert.InRange(Error(name, weights, []), 0, 0.01);
        }
    }

    [Theory]
    [MemberData(nameof(SearchedFormats))]
    public void Normally_distributed_weights_lose_what_their_steps_do(string name) =>
        Gen.Int.Sample(
            seed =>
            {
                // So many that the error of any seed is within a hundredth of the mean's; the bound is a tenth away.
                float[] weights = Normal(seed, 1 << 14);
                float[] spread = [.. weights.Select(weight => weight * MathF.Abs(weight))];
                Assert.InRange(Error(name, weights, []), 0, LargestError(name));
                Assert.InRange(Error(name, spread, []), 0, 2 * LargestError(name));
            },
            iter: 5);

    [Theory]
    [MemberData(nameof(Formats))]
    public void What_was_dequantised_is_quantised_again_with_little_loss(string name)
    {
        float[] once = Dequantise(name, Quantise(name, Normal(1), []));
        Assert.InRange(Error(name, once, []), 0, 0.5 * Math.Max(1e-9, LargestError(name)));
    }

    [Theory]
    [MemberData(nameof(SearchedFormats))]
    public void Important_columns_lose_less(string name)
    {
        float[] weights = Normal(2);
        float[] importance = [.. Enumerable.Range(0, Columns).Select(i => i % 8 == 0 ? 100f : 0.01f)];
        Assert.True(
            Weighted(Dequantise(name, Quantise(name, weights, importance)))
            < Weighted(Dequantise(name, Quantise(name, weights, []))));

        double Weighted(float[] rounded) => Enumerable.Range(0, Columns)
            .Sum(i => importance[i] * Math.Pow(rounded[i] - weights[i], 2));
    }

    // The figures are of the same steps written in NumPy (float64): the root of the columns' squared errors, each times
    // its importance, beside that of the weights. With a last step that counts all columns alike they are 0.16448,
    // 0.05087 and 0.02830 there, and with none 0.15852, 0.04961 and 0.02784.
    [Theory]
    [InlineData("Q2_K", 0.155715)]
    [InlineData("Q4_K", 0.049246)]
    [InlineData("Q5_K", 0.027371)]
    public void The_last_step_counts_an_error_by_its_column(string name, double figure)
    {
        float[] weights = Source();
        float[] importance = [.. Enumerable.Range(0, weights.Length).Select(i => MathF.Pow(4, (i * 37 % 11) - 5))];

        float[] rounded = Dequantise(name, Quantise(name, weights, importance));

        double errors = Weighted(i => rounded[i] - weights[i]);
        Assert.InRange(Math.Sqrt(errors / Weighted(i => weights[i])) / figure, 0.98, 1.002);

        double Weighted(Func<int, float> value) =>
            Enumerable.Range(0, weights.Length).Sum(i => importance[i] * Math.Pow(value(i), 2));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Hostile_weights_give_blocks_and_no_exception(string name)
    {
        foreach (float value in new[]
        {
            float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, -float.MaxValue, float.Epsilon,
            1e-30f, 1e30f,
        })
        {
            float[] weights = Normal(3);
            weights[37] = value;
            _ = Dequantise(name, Quantise(name, weights, []));
            _ = Dequantise(name, Quantise(name, [.. Enumerable.Repeat(value, Columns)], []));
            _ = Quantise(name, weights, [.. Enumerable.Repeat(1e-20f, Columns)]);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Bytes_and_errors_do_not_depend_on_the_number_of_threads(string name)
    {
        TensorFormat format = TensorFormats.FromName(name)!;
        float[] weights = [.. Enumerable.Range(0, 300).SelectMany(seed => Normal(seed))];
        byte[] source = Quantise("F32", weights, []);
        byte[] alone = new byte[format.ByteLength(weights.Length)];
        byte[] together = new byte[alone.Length];
        using ComputePool one = new(1);
        using ComputePool three = new(3);
        RoundingError expected = WeightQuantising.Run(one, source, TensorFormats.F32, Columns, [], format, alone);
        RoundingError error = WeightQuantising.Run(three, source, TensorFormats.F32, Columns, [], format, together);
        Assert.Equal(alone, together);
        Assert.Equal(expected, error);
        Assert.Equal(RoundingError.Of(weights, Dequantise(name, alone)).Relative, error.Relative, 1e-12);
        Assert.Equal(alone, Quantise(name, weights, []));
    }

    [Fact]
    public void Lengths_that_disagree_are_refused_with_both()
    {
        TensorFormat format = TensorFormats.FromName("Q4_K")!;
        Assert.Contains("256", Assert.Throws<ArgumentException>(
            () => format.Quantise(new float[255], [], new byte[format.BlockByteLength])).Message);
        Assert.Contains("17", Assert.Throws<ArgumentException>(
            () => format.Quantise(new float[256], new float[17], new byte[format.BlockByteLength])).Message);
    }

    // Of normally distributed weights: half a step of the codes that reach three deviations.
    private static double LargestError(string name) => name switch
    {
        "F32" or "F16" or "BF16" => 2e-3,
        "Q2_K" => 0.32,
        "Q3_K" => 0.17,
        "Q4_0" or "Q4_1" or "Q4_K" => 0.095,
        "Q5_0" or "Q5_1" or "Q5_K" => 0.047,
        "Q6_K" => 0.022,
        _ => 0.008,
    };

    private static float[] Normal(int seed, int count = Columns)
    {
        Random random = new(seed);
        return
        [
            .. Enumerable.Range(0, count).Select(_ => (float)(
                Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))),
        ];
    }

    private static double Error(string name, float[] weights, float[] importance) =>
        RoundingError.Of(weights, Dequantise(name, Quantise(name, weights, importance))).Relative;

    private static byte[] Quantise(string name, float[] weights, float[] importance)
    {
        TensorFormat format = TensorFormats.FromName(name)!;
        byte[] blocks = new byte[format.ByteLength(weights.Length)];
        format.Quantise(weights, importance, blocks);
        return blocks;
    }

    private static float[] Dequantise(string name, byte[] blocks)
    {
        TensorFormat format = TensorFormats.FromName(name)!;
        float[] weights = new float[blocks.Length / format.BlockByteLength * format.BlockLength];
        format.Dequantise(blocks, weights);
        return weights;
    }

    private static float[] Source() => Dequantise("F32", Golden("F32.blocks"));

    private static byte[] Golden(string file) => File.ReadAllBytes(Fixtures.TestData("quant", file));
}
