using System.Runtime.InteropServices;

namespace Chaku.RandomModel;

/// <summary>The scales of a block's parts, made from random bytes; none of them is small.</summary>
internal static class SubScales
{
    private const int Least = 17;
    private const int Spread = 15;

    /// <summary>Codes of eight bits in [−127, 127], as a quantiser gives them.</summary>
    /// <param name="block">Scale, and 32 codes.</param>
    public static void KeepCodesSymmetric(Span<byte> block)
    {
        foreach (ref sbyte code in MemoryMarshal.Cast<byte, sbyte>(block[2..]))
        {
            code = Math.Max(code, (sbyte)-sbyte.MaxValue);
        }
    }

    /// <summary>Four bits of scale and the same four of minimum, 8 to 15.</summary>
    public static void SetNibblePairs(Span<byte> scales)
    {
        foreach (ref byte pair in scales)
        {
            int size = 8 | (pair & 7);
            pair = (byte)(size | (size << 4));
        }
    }

    /// <summary>Eight pairs of scale and minimum with six bits each; both are the same, 17 to 32.</summary>
    public static void SetSixBitPairs(Span<byte> packed)
    {
        Span<byte> scales = stackalloc byte[8];
        for (int j = 0; j < scales.Length; j++)
        {
            scales[j] = (byte)(Least + (packed[j] & Spread));
        }

        for (int j = 0; j < 4; j++)
        {
            byte upper = (byte)(scales[j] | (scales[j + 4] >> 4 << 6));
            packed[j] = upper;
            packed[j + 4] = upper;
            packed[j + 8] = (byte)((scales[j + 4] & 15) | ((scales[j + 4] & 15) << 4));
        }
    }

    /// <summary>Bytes with a random sign, 17 to 32.</summary>
    public static void SetSigned(Span<byte> scales)
    {
        foreach (ref byte scale in scales)
        {
            int size = Least + (scale & Spread);
            scale = (byte)(sbyte)((scale & 16) == 0 ? size : -size);
        }
    }
}
