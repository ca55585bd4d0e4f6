using Chaku.Kernels.Formats;
using CsCheck;

namespace Chaku.Kernels.Tests.Formats;

/// <summary>What holds for every entry of the table.</summary>
public abstract class TensorFormatSuite
{
    protected TensorFormatSuite(string name)
    {
        FormatName = name;
        Format = TensorFormats.FromName(name)!;
    }

    /// <summary>The entry under test.</summary>
    public string FormatName { get; }

    private protected TensorFormat Format { get; }

    [Fact]
    public void Weights_of_a_file_equal_those_of_an_independent_program_to_the_bit()
    {
        Assert.SkipWhen(UnprovenFormats.Names.Contains(FormatName), $"{FormatName} is unproven: no file has it");
        float[] expected = GoldenBlocks.Weights(Format);
        AssertSameBits(expected, Dequantise(GoldenBlocks.Blocks(Format)));
    }

    [Fact]
    public void Many_blocks_give_the_same_bits_as_one_at_a_time()
    {
        Gen.Select(Gen.Int[0, 40], Gen.Int).Sample((count, seed) =>
        {
            byte[] blocks = RandomBlocks(count, new Random(seed));
            float[] expected = new float[count * Format.BlockLength];
            for (int block = 0; block < count; block++)
            {
                Format.Dequantise(
                    blocks.AsSpan(block * Format.BlockByteLength, Format.BlockByteLength),
                    expected.AsSpan(block * Format.BlockLength, Format.BlockLength));
            }

            AssertSameBits(expected, Dequantise(blocks));
        });
    }

    [Fact]
    public void Dequantise_refuses_lengths_that_disagree()
    {
        byte[] blocks = new byte[2 * Format.BlockByteLength];
        float[] weights = new float[2 * Format.BlockLength];
        Assert.Throws<ArgumentException>(() => Format.Dequantise(blocks, weights.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => Format.Dequantise(blocks.AsSpan(1), weights));
    }

    [Fact]
    public void Dequantise_writes_nothing_past_its_weights()
    {
        byte[] blocks = RandomBlocks(3, new Random(1));
        float[] weights = new float[(3 * Format.BlockLength) + 64];
        Array.Fill(weights, 123f);
        Format.Dequantise(blocks, weights.AsSpan(32, 3 * Format.BlockLength));
        Assert.All(weights[..32], weight => Assert.Equal(123f, weight));
        Assert.All(weights[^32..], weight => Assert.Equal(123f, weight));
    }

    private protected virtual byte[] RandomBlocks(int count, Random random)
    {
        byte[] blocks = new byte[count * Format.BlockByteLength];
        random.NextBytes(blocks);
        return blocks;
    }

    private protected float[] Dequantise(byte[] blocks)
    {
        float[] weights = new float[blocks.Length / Format.BlockByteLength * Format.BlockLength];
        Format.Dequantise(blocks, weights);
        return weights;
    }

    private protected static void AssertSameBits(float[] expected, float[] actual) =>
        Assert.Equal(expected.Select(BitConverter.SingleToUInt32Bits), actual.Select(BitConverter.SingleToUInt32Bits));
}
