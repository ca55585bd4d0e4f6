using System.Runtime.CompilerServices;

namespace Chaku.Kernels.Formats;

/// <summary>Eight scales and eight minima of 6 bits each, in 12 bytes.</summary>
/// <remarks>
/// Bytes 0 to 3 and 4 to 7 hold scales and minima 0 to 3 in their lower 6 bits. Bytes 8 to 11 hold the lower 4 bits of
/// scales (low nibble) and minima (high nibble) 4 to 7, whose upper 2 bits are the upper 2 of bytes 0 to 3 and 4 to 7.
/// Source: ggml, <c>block_q4_K</c>.
/// </remarks>
[InlineArray(12)]
internal struct ScalesAndMinima
{
    /// <summary>The largest scale and the largest minimum.</summary>
    public const int Largest = 63;

    private byte _first;

    /// <summary>The scale of sub-block <paramref name="j"/>, in [0, 63].</summary>
    public readonly int Scale(int j) =>
        j < 4 ? this[j] & 63 : (this[j + 4] & 15) | ((this[j - 4] >> 6) << 4);

    /// <summary>Packs eight scales and eight minima, each in [0, 63].</summary>
    public void Set(ReadOnlySpan<byte> scales, ReadOnlySpan<byte> minima)
    {
        for (int j = 0; j < 4; j++)
        {
            this[j] = (byte)(scales[j] | ((scales[j + 4] >> 4) << 6));
            this[j + 4] = (byte)(minima[j] | ((minima[j + 4] >> 4) << 6));
            this[j + 8] = (byte)((scales[j + 4] & 15) | ((minima[j + 4] & 15) << 4));
        }
    }

    /// <summary>The minimum of sub-block <paramref name="j"/>, in [0, 63].</summary>
    public readonly int Minimum(int j) =>
        j < 4 ? this[j + 4] & 63 : (this[j + 4] >> 4) | ((this[j] >> 6) << 4);
}
