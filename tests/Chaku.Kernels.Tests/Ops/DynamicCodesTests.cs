using Chaku.Kernels.Ops;
using CsCheck;

namespace Chaku.Kernels.Tests.Ops;

public sealed class DynamicCodesTests
{
    // The widest step by its place is between 5.5e-7, the lowest decade's one code, and 3.25e-6, the next one's first:
    // 1.9e-6 lies in the middle, 0.71 of itself from both.
    private const double LargestShare = 0.72;

    public static TheoryData<bool> Both() => [true, false];

    [Theory]
    [MemberData(nameof(Both))]
    public void There_are_256_ascending_codes_with_0_and_1(bool isSigned)
    {
        float[] values = Codes(isSigned).Values.ToArray();

        Assert.Equal(256, values.Length);
        Assert.Equal(values.Order().Distinct(), values);
        Assert.Contains(0f, values);
        Assert.Equal(1f, values[^1]);
        Assert.Equal(isSigned ? -0.99297f : 0, values[0], 1e-5);
    }

    // The middles of equal parts of [0.1, 1]: 0.55 alone in the lowest signed decade, 64 parts in the highest.
    [Fact]
    public void Codes_are_those_of_the_definition()
    {
        float[] values = DynamicCodes.Signed.Values.ToArray();

        Assert.Equal(5.5e-7f, values.First(value => value > 0), 1e-12);
        Assert.Equal(0.1 + (0.9 * 63.5 / 64), values[^2], 1e-7);
        Assert.Equal(3.25e-7f, DynamicCodes.Unsigned.Values[1], 1e-12);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void Every_code_stands_for_itself(bool isSigned)
    {
        DynamicCodes codes = Codes(isSigned);
        float[] values = codes.Values.ToArray();
        byte[] found = new byte[256];

        Assert.Equal(1, codes.Encode(values, found));
        Assert.Equal(Enumerable.Range(0, 256).Select(code => (byte)code), found);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void A_number_takes_the_nearest_code(bool isSigned) => Gen.Float[-30, 30].Array[1, 256].Sample(
        exponents =>
        {
            DynamicCodes codes = Codes(isSigned);
            float[] values = [.. exponents.Select(exponent =>
                MathF.Pow(2, -MathF.Abs(exponent)) * (isSigned && exponent < 0 ? -1 : 1))];
            byte[] found = new byte[values.Length];
            float[] decoded = new float[values.Length];
            float scale = codes.Encode(values, found);
            codes.Decode(found, scale, decoded);
            for (int i = 0; i < values.Length; i++)
            {
                double best = codes.Values.ToArray().Min(code => Math.Abs(((double)scale * code) - values[i]));
                double error = Math.Abs(decoded[i] - values[i]);
                bool isRaised = !isSigned && found[i] == 1;
                Assert.True(isRaised || error <= best + (1e-7 * scale), $"{values[i]} of {scale} became {decoded[i]}");
                double bound = Math.Max(LargestShare * Math.Abs(values[i]), 1e-6 * scale);
                Assert.True(error <= bound, $"{values[i]}: {error}");
                Assert.True(isSigned || decoded[i] > 0, $"{values[i]} became {decoded[i]}");
            }
        },
        iter: 200);

    [Fact]
    public void A_block_of_zeros_stays_one()
    {
        byte[] found = new byte[3];
        float[] decoded = [1, 1, 1];

        float scale = DynamicCodes.Signed.Encode([0, 0, 0], found);
        DynamicCodes.Signed.Decode(found, scale, decoded);

        Assert.Equal([0, 0, 0], decoded);
    }

    private static DynamicCodes Codes(bool isSigned) => isSigned ? DynamicCodes.Signed : DynamicCodes.Unsigned;
}
