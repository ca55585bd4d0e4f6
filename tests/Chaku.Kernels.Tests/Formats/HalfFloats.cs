using CsCheck;

namespace Chaku.Kernels.Tests.Formats;

/// <summary>Floats at the edges of the 16-bit formats, and random ones.</summary>
internal static class HalfFloats
{
    /// <summary>Every bit pattern of a float, with those near a half's range as often as the others.</summary>
    public static readonly Gen<float> Any = Gen.OneOf(
        Gen.UInt.Select(BitConverter.UInt32BitsToSingle),
        Gen.UInt[0x33000000, 0x47900000].Select(BitConverter.UInt32BitsToSingle),
        Gen.UInt[0xB3000000, 0xC7900000].Select(BitConverter.UInt32BitsToSingle),
        Gen.OneOf(Edges()));

    /// <summary>Every half and bfloat16 as a float, the points half-way to the next, and their neighbours.</summary>
    public static float[] AllTies()
    {
        List<float> ties = new(65536 * 12);
        for (int bits = 0; bits <= 0xFFFF; bits++)
        {
            float half = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            float next = (float)BitConverter.UInt16BitsToHalf((ushort)(bits + 1));
            AddNeighbours(ties, half);
            AddNeighbours(ties, half + ((next - half) / 2));
            AddNeighbours(ties, BitConverter.UInt32BitsToSingle((uint)bits << 16));
            AddNeighbours(ties, BitConverter.UInt32BitsToSingle(((uint)bits << 16) | 0x8000));
        }

        return [.. ties];
    }

    private static void AddNeighbours(List<float> values, float value)
    {
        values.Add(MathF.BitDecrement(value));
        values.Add(value);
        values.Add(MathF.BitIncrement(value));
    }

    // Largest half, the tie above it, least normal and subnormal half, half of the latter, NaN with low payloads.
    private static float[] Edges() =>
    [
        0f, -0f, 65504f, 65519.996f, 65520f, -65520f, 65536f, 6.103515625e-5f, 5.9604645e-8f, 2.9802322e-8f,
        2.9802326e-8f, float.Epsilon, float.MaxValue, float.MinValue, float.PositiveInfinity, float.NegativeInfinity,
        float.NaN, -float.NaN, BitConverter.UInt32BitsToSingle(0x7F800001), BitConverter.UInt32BitsToSingle(0xFFBFFFFF),
    ];
}
