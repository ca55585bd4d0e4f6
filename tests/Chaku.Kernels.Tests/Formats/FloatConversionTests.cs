using Chaku.Kernels.Formats;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Formats;

/// <summary>Weights in another float format are the nearest that it has, on any number of threads.</summary>
public sealed class FloatConversionTests
{
    private const int Rows = 4;

    public static TheoryData<string, string> Pairs => [.. TensorFormats.All
        .Where(GoldenBlocks.Exist)
        .SelectMany(source => FloatConversion.Targets.Select(target => (source.Name, target.Name)))];

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Golden_rows_become_the_nearest_weights(string from, string to)
    {
        TensorFormat source = TensorFormats.FromName(from)!;
        TensorFormat target = TensorFormats.FromName(to)!;
        byte[] blocks = GoldenBlocks.Blocks(source);
        float[] weights = GoldenBlocks.Weights(source);
        byte[] expected = [.. weights.SelectMany(weight => Bytes(weight, to))];

        foreach (int threads in (int[])[1, 3])
        {
            using ComputePool pool = new(threads);
            byte[] output = new byte[target.ByteLength(weights.Length)];
            FloatConversion.Convert(pool, source, blocks, target, output, Rows);
            Assert.Equal(expected, output);
        }
    }

    [Theory]
    [InlineData(65504f, false)]
    [InlineData(65519.996f, false)]
    [InlineData(65520f, true)]
    [InlineData(-1e30f, true)]
    [InlineData(float.PositiveInfinity, false)]
    [InlineData(float.NaN, false)]
    public void What_half_precision_cannot_hold_is_refused(float weight, bool isRefused)
    {
        byte[] output = new byte[2];
        TensorFormat half = TensorFormats.FromName("F16")!;

        Exception? refusal = Record.Exception(() => FloatConversion.Round([weight], half, output));

        Assert.Equal(isRefused, refusal is OverflowException);
        Assert.Equal(isRefused, refusal is not null);
    }

    [Fact]
    public void Wrong_lengths_and_targets_are_refused()
    {
        using ComputePool pool = new(1);
        TensorFormat single = TensorFormats.F32;

        Assert.Throws<ArgumentException>(
            () => FloatConversion.Convert(pool, single, new byte[12], single, new byte[16], 2));
        Assert.Throws<ArgumentException>(
            () => FloatConversion.Round(new float[32], TensorFormats.FromName("Q8_0")!, new byte[34]));
    }

    private static byte[] Bytes(float weight, string format) => format switch
    {
        "F32" => BitConverter.GetBytes(weight),
        "F16" => BitConverter.GetBytes((Half)weight),
        _ => BitConverter.GetBytes(Bf16.FromSingle(weight)),
    };
}
