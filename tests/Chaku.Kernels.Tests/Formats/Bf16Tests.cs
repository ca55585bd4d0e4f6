using Chaku.Kernels.Formats;
using CsCheck;

namespace Chaku.Kernels.Tests.Formats;

public sealed class Bf16Tests
{
    private static readonly ushort[] AllBits = [.. Enumerable.Range(0, 65536).Select(bits => (ushort)bits)];

    [Fact]
    public void ToSingle_of_many_has_the_bits_of_one_at_a_time()
    {
        float[] singles = new float[AllBits.Length];
        Bf16.ToSingle(AllBits, singles);
        uint[] expected = [.. AllBits.Select(bits => (uint)bits << 16)];
        Assert.Equal(expected, singles.Select(BitConverter.SingleToUInt32Bits));
        Assert.Equal(expected, AllBits.Select(bits => BitConverter.SingleToUInt32Bits(Bf16.ToSingle(bits))));
    }

    [Fact]
    public void FromSingle_takes_the_nearest_and_the_even_of_two() => CheckFromSingle(HalfFloats.AllTies());

    [Fact]
    public void FromSingle_takes_the_nearest_at_random_floats_of_any_count() =>
        HalfFloats.Any.Array[0, 70].Sample(CheckFromSingle, iter: 2000);

    [Fact]
    public void A_number_survives_the_way_to_float_and_back()
    {
        ushort[] numbers = [.. AllBits.Where(bits => !float.IsNaN(Bf16.ToSingle(bits)))];
        float[] singles = new float[numbers.Length];
        Bf16.ToSingle(numbers, singles);
        ushort[] back = new ushort[numbers.Length];
        Bf16.FromSingle(singles, back);
        Assert.Equal(numbers, back);
    }

    [Fact]
    public void Lengths_that_disagree_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Bf16.FromSingle(new float[9], new ushort[8]));
        Assert.Throws<ArgumentException>(() => Bf16.ToSingle(new ushort[8], new float[9]));
    }

    private static void CheckFromSingle(float[] values)
    {
        ushort[] rounded = new ushort[values.Length];
        Bf16.FromSingle(values, rounded);
        Assert.Equal(values.Select(Nearest), rounded);
        Assert.Equal(rounded, values.Select(Bf16.FromSingle));
    }

    // By comparison of distances in double precision, which holds every float and their differences exactly.
    private static ushort Nearest(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        ushort below = (ushort)(bits >> 16);
        if (float.IsNaN(value))
        {
            return (ushort)(below | 0x40);
        }

        if (float.IsInfinity(value))
        {
            return below;
        }

        // The place after the largest number stands for infinity: 2^128.
        ushort above = (ushort)(below + 1);
        double upper = (above & 0x7FFF) == 0x7F80 ? Math.CopySign(Math.Pow(2, 128), value) : Bf16.ToSingle(above);
        double toBelow = Math.Abs((double)value - Bf16.ToSingle(below));
        double toAbove = Math.Abs(upper - value);
        return toBelow < toAbove || (toBelow == toAbove && below % 2 == 0) ? below : above;
    }
}
