using System.Runtime.InteropServices;

namespace Chaku.RandomModel;

/// <summary>
/// Numbers with a random sign and fraction, and one exponent for all: sizes lie between a power of two and the next.
/// </summary>
/// <param name="name">The format.</param>
/// <param name="fractionBits">Bits of the fraction, the lowest of a number.</param>
/// <param name="exponentBias">What the exponent of 1 is stored as.</param>
internal sealed class RandomFloats(string name, int fractionBits, int exponentBias) : RandomBlocks(name)
{
    // The deviation of sizes that lie evenly in [1, 2), with a random sign: √(7/3).
    private const double UnitDeviation = 1.5275;

    /// <inheritdoc/>
    protected override Action<Span<byte>> Tamer(double deviation)
    {
        int bits = 8 * Format.BlockByteLength;
        ulong exponent = (ulong)(exponentBias + (int)Math.Round(Math.Log2(deviation / UnitDeviation)));
        ulong kept = (1UL << (bits - 1)) | ((1UL << fractionBits) - 1);
        (ulong mask, ulong set) = (0, 0);
        for (int place = 0; place < 64; place += bits)
        {
            mask |= kept << place;
            set |= exponent << (fractionBits + place);
        }

        return bytes =>
        {
            foreach (ref ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
            {
                word = (word & mask) | set;
            }
        };
    }
}
