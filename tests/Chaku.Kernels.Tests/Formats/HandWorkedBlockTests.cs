using System.Buffers.Binary;
using Chaku.Kernels.Formats;

namespace Chaku.Kernels.Tests.Formats;

/// <summary>Blocks of the unproven formats, worked from the specification by arithmetic that fits on a page.</summary>
public sealed class HandWorkedBlockTests
{
    [Fact]
    public void Q5_1_adds_the_minimum_to_five_bits_from_two_places()
    {
        byte[] block = new byte[24];
        BinaryPrimitives.WriteUInt16LittleEndian(block, 0x3800); // scale: exponent 14 − 15, so 2^−1 = 0.5
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(2), 0xC000); // minimum: −2^(16 − 15) = −2

        // Fifth bits: weights 0, 9 and 31.
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(4), 0x80000201);

        // Byte i holds i for weight i and 15 − i for weight 16 + i.
        for (int i = 0; i < 16; i++)
        {
            block[8 + i] = (byte)(i | ((15 - i) << 4));
        }

        // Weight 0: code 0 + 16, 0.5 · 16 − 2 = 6. Weight 1: 0.5 · 1 − 2 = −1.5, and 0.5 more for each one after it,
        // but weight 9 has code 9 + 16: 0.5 · 25 − 2 = 10.5. Weight 16: 0.5 · 15 − 2 = 5.5, and 0.5 less for each one
        // after it, but weight 31 has code 0 + 16: 6.
        float[] expected =
        [
            6f, -1.5f, -1f, -0.5f, 0f, 0.5f, 1f, 1.5f, 2f, 10.5f, 3f, 3.5f, 4f, 4.5f, 5f, 5.5f,
            5.5f, 5f, 4.5f, 4f, 3.5f, 3f, 2.5f, 2f, 1.5f, 1f, 0.5f, 0f, -0.5f, -1f, -1.5f, 6f,
        ];
        Assert.Equal(expected, Dequantise("Q5_1", block));
    }

    [Fact]
    public void Q3_K_takes_a_code_from_two_places_and_a_scale_from_two()
    {
        byte[] block = new byte[110];

        // Third bits (bytes 0 to 31): bit i of byte l belongs to weight l + 32i. Byte l has bit l mod 8 set, so weight
        // l + 32i has its third bit where i = l mod 8, and is 4 less where it has not.
        for (int l = 0; l < 32; l++)
        {
            block[l] = (byte)(1 << (l % 8));
        }

        // Lower bits (bytes 32 to 95): the first 32 bytes belong to weights 0 to 127, a pair of bits to each 32 of
        // them: 11 10 01 00 gives 0, 1, 2, 3 in turn. The others belong to weights 128 to 255: 00 01 10 11 gives
        // 3, 2, 1, 0.
        block.AsSpan(32, 32).Fill(0b_11_10_01_00);
        block.AsSpan(64, 32).Fill(0b_00_01_10_11);

        // Scales (bytes 96 to 107): sub-block j of 16 weights shall have 5j mod 64.
        //   j          0   1   2   3   4   5   6   7   8   9  10  11  12  13  14  15
        //   scale      0   5  10  15  20  25  30  35  40  45  50  55  60   1   6  11
        //   lower 4    0   5   A   F   4   9   E   3   8   D   2   7   C   1   6   B
        //   upper 2    0   0   0   0   1   1   1   2   2   2   3   3   3   0   0   0
        // Bytes 0 to 7 hold lower j in the low nibble and lower j + 8 in the high one.
        new byte[] { 0x80, 0xD5, 0x2A, 0x7F, 0xC4, 0x19, 0x6E, 0xB3 }.CopyTo(block, 96);

        // Byte 8 + m holds, from the lowest pair of bits, upper m, m + 4, m + 8, m + 12.
        new byte[] { 0b_11_10_01_00, 0b_00_10_01_00, 0b_00_11_01_00, 0b_00_11_10_00 }.CopyTo(block, 104);
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(108), 0x3800); // 0.5

        int[] scales = [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 1, 6, 11];
        int[] lower = [0, 1, 2, 3, 3, 2, 1, 0];
        float[] weights = Dequantise("Q3_K", block);
        for (int weight = 0; weight < 256; weight++)
        {
            int l = weight % 32;
            int i = weight / 32;
            int code = lower[i] - (i == l % 8 ? 0 : 4);
            Assert.Equal(0.5f * (scales[weight / 16] - 32) * code, weights[weight]);
        }

        Assert.Equal(64f, weights[1]); // 0.5 · (0 − 32) · (0 − 4)
        Assert.Equal(-11f, weights[33]); // 0.5 · (10 − 32) · 1, third bit set
        Assert.Equal(-42f, weights[200]); // l = 8, i = 6: 0.5 · (60 − 32) · (1 − 4)
    }

    [Fact]
    public void BF16_is_the_upper_half_of_a_float()
    {
        // Sign, exponent − 127, seven bits after the point:
        (ushort Bits, float Value)[] worked =
        [
            (0x3F80, 1f), // 0 01111111 0000000: 2^0
            (0xC020, -2.5f), // 1 10000000 0100000: −2^1 · 1.25
            (0x3E20, 0.15625f), // 0 01111100 0100000: 2^−3 · 1.25
            (0x42F7, 123.5f), // 0 10000101 1110111: 2^6 · (1 + 119/128)
            (0x0001, 9.18354961579912115600575419705e-41f), // subnormal: 2^−126 · 1/128 = 2^−133
            (0x7F80, float.PositiveInfinity),
            (0xFF80, float.NegativeInfinity),
            (0x0000, 0f),
            (0x8000, -0f),
        ];
        byte[] blocks = new byte[worked.Length * 2];
        for (int i = 0; i < worked.Length; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(blocks.AsSpan(i * 2), worked[i].Bits);
        }

        Assert.Equal(
            worked.Select(pair => BitConverter.SingleToUInt32Bits(pair.Value)),
            Dequantise("BF16", blocks).Select(BitConverter.SingleToUInt32Bits));
    }

    private static float[] Dequantise(string name, byte[] blocks)
    {
        TensorFormat format = TensorFormats.FromName(name)!;
        float[] weights = new float[blocks.Length / format.BlockByteLength * format.BlockLength];
        format.Dequantise(blocks, weights);
        return weights;
    }
}
