using Chaku.Kernels.Formats;
using CsCheck;

namespace Chaku.Kernels.Tests.Formats;

public sealed class CodeSpanTests
{
    private static readonly Gen<byte[]> Bytes = Gen.Byte.Array[0, 70];

    [Fact]
    public void AddBits_of_many_equals_one_at_a_time()
    {
        Gen.Select(Bytes, Gen.Int[1, 7], Gen.Int[0, 7], Gen.Int[0, 7]).Sample((packed, count, from, to) =>
        {
            from = Math.Min(from, 8 - count);
            to = Math.Min(to, 7 - count);
            sbyte[] codes = [.. packed.Select((_, i) => (sbyte)-i)];
            IEnumerable<sbyte> expected = packed.Select(
                (value, i) => (sbyte)((((value >> from) & ((1 << count) - 1)) << to) - i));
            sbyte[] wanted = [.. expected];
            CodeSpan.AddBits(packed, from, count, to, codes);
            Assert.Equal(wanted, codes);
        });
    }

    [Fact]
    public void ScaleAndAdd_of_many_equals_one_at_a_time()
    {
        Gen.Select(Bytes, Gen.Float[-2, 2], Gen.Float[-2, 2]).Sample((bytes, scale, minimum) =>
        {
            sbyte[] codes = [.. bytes.Select(value => unchecked((sbyte)value))];
            float[] weights = new float[codes.Length];
            CodeSpan.ScaleAndAdd(codes, scale, minimum, weights);
            Assert.Equal(codes.Select(code => (scale * code) + minimum), weights);
        });
    }

    [Fact]
    public void Scale_keeps_the_sign_of_zero()
    {
        float[] weights = new float[32];
        CodeSpan.Scale(new sbyte[32], -1f, weights);
        Assert.All(weights, weight => Assert.Equal(0x80000000u, BitConverter.SingleToUInt32Bits(weight)));
    }
}
