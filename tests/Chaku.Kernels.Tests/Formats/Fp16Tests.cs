using System.Runtime.Intrinsics;
using Chaku.Kernels.Formats;
using CsCheck;

namespace Chaku.Kernels.Tests.Formats;

public sealed class Fp16Tests
{
    private static readonly ushort[] AllHalves = [.. Enumerable.Range(0, 65536).Select(bits => (ushort)bits)];

    [Fact]
    public void ToSingle_of_every_half_equals_the_cast()
    {
        foreach (ushort bits in AllHalves)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf(bits);
            float actual = Fp16.ToSingle(bits);
            if (float.IsNaN(expected))
            {
                // The payload of a NaN is kept, but a signalling one is not made quiet.
                Assert.True(float.IsNaN(actual) && float.IsNegative(actual) == float.IsNegative(expected));
            }
            else
            {
                Assert.Equal(BitConverter.SingleToUInt32Bits(expected), BitConverter.SingleToUInt32Bits(actual));
            }
        }
    }

    [Fact]
    public void ToSingle_of_many_has_the_bits_of_one_at_a_time()
    {
        float[] singles = new float[AllHalves.Length];
        Fp16.ToSingle(AllHalves, singles);
        AssertSameBits(AllHalves.Select(Fp16.ToSingle), singles);
        for (int i = 0; i < AllHalves.Length; i += 8)
        {
            Vector256<float> eight = Fp16.ToSingle(Vector128.Create(AllHalves, i));
            Assert.Equal(Vector256.Create(singles, i).AsUInt32(), eight.AsUInt32());
        }
    }

    [Fact]
    public void FromSingle_equals_the_cast_at_every_tie_and_beside_it() => CheckFromSingle(HalfFloats.AllTies());

    [Fact]
    public void FromSingle_equals_the_cast_at_random_floats_of_any_count() =>
        HalfFloats.Any.Array[0, 70].Sample(CheckFromSingle, iter: 2000);

    [Fact]
    public void A_half_survives_the_way_to_float_and_back()
    {
        float[] singles = new float[AllHalves.Length];
        Fp16.ToSingle(AllHalves, singles);
        ushort[] halves = new ushort[AllHalves.Length];
        Fp16.FromSingle(singles, halves);
        Assert.Equal(AllHalves.Where(IsNumber), halves.Where(IsNumber));
    }

    [Fact]
    public void Lengths_that_disagree_are_refused()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => Fp16.FromSingle(new float[9], new ushort[8]));
        Assert.Contains("9", error.Message, StringComparison.Ordinal);
        Assert.Contains("8", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Fp16.ToSingle(new ushort[8], new float[9]));
    }

    private static bool IsNumber(ushort bits) => !Half.IsNaN(BitConverter.UInt16BitsToHalf(bits));

    private static void CheckFromSingle(float[] values)
    {
        ushort[] expected = [.. values.Select(value => BitConverter.HalfToUInt16Bits((Half)value))];
        ushort[] halves = new ushort[values.Length];
        Fp16.FromSingle(values, halves);
        Assert.Equal(expected, halves);
        Assert.Equal(expected, values.Select(Fp16.FromSingle));
    }

    private static void AssertSameBits(IEnumerable<float> expected, IEnumerable<float> actual) =>
        Assert.Equal(expected.Select(BitConverter.SingleToUInt32Bits), actual.Select(BitConverter.SingleToUInt32Bits));
}
