using System.Buffers.Binary;

namespace Chaku.RandomModel;

/// <summary>Blocks of codes with scales in half precision; all codes are as likely.</summary>
/// <param name="name">The format.</param>
/// <param name="scaleOffset">Bytes of a block before its scale.</param>
internal sealed class RandomCodes(string name, int scaleOffset) : RandomBlocks(name)
{
    private const int SampleBlocks = 256;

    /// <summary>Bytes of a block before its minimum; null where codes have a sign.</summary>
    public int? MinimumOffset { get; init; }

    /// <summary>What the scale is multiplied with to be the minimum, so that weights have the mean 0.</summary>
    public double MinimumRatio { get; init; }

    /// <summary>Makes random bytes of a block ones that a quantiser could have written.</summary>
    public Action<Span<byte>> Tame { get; init; } = _ => { };

    /// <inheritdoc/>
    protected override Action<Span<byte>> Tamer(double deviation)
    {
        double scale = deviation / UnitDeviation();
        return bytes => Apply(bytes, scale);
    }

    // Codes without a minimum lie around −½: half of the blocks have a negative scale.
    private void Apply(Span<byte> bytes, double scale)
    {
        Half plus = (Half)scale;
        Half minimum = (Half)(scale * MinimumRatio);
        for (; !bytes.IsEmpty; bytes = bytes[Format.BlockByteLength..])
        {
            Span<byte> block = bytes[..Format.BlockByteLength];
            Tame(block);
            bool isNegative = MinimumOffset is null && (block[scaleOffset] & 1) != 0;
            BinaryPrimitives.WriteHalfLittleEndian(block[scaleOffset..], isNegative ? -plus : plus);
            if (MinimumOffset is { } offset)
            {
                BinaryPrimitives.WriteHalfLittleEndian(block[offset..], minimum);
            }
        }
    }

    // The deviation where the scale is 1, measured.
    private double UnitDeviation()
    {
        byte[] blocks = new byte[SampleBlocks * Format.BlockByteLength];
        float[] weights = new float[SampleBlocks * Format.BlockLength];
        FillRandom(blocks, 1);
        Apply(blocks, 1);
        Format.Dequantise(blocks, weights);
        return Math.Sqrt(weights.Average(weight => (double)weight * weight));
    }
}
