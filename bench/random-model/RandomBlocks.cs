using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Chaku.Kernels.Formats;
using Chaku.Kernels.Ops;
using Chaku.Model.Files;

namespace Chaku.RandomModel;

/// <summary>Random blocks of Q4_K and Q6_K, written as they lie in a file, without float32 weights before.</summary>
/// <remarks>
/// The weights have mean 0 and a standard deviation of about 1 / √columns. A block's bits are a function of seed,
/// tensor and place. The blocks' layouts: ggml, <c>block_q4_K</c> and <c>block_q6_K</c>.
/// </remarks>
internal static class RandomBlocks
{
    private const int BlocksPerPiece = 4096;

    // Standard deviations of 4-bit and 6-bit codes that are all as likely, and the mean of the scales drawn below.
    private const double NibbleDeviation = 4.61;
    private const double SixBitDeviation = 18.47;
    private const double MeanSubScale = 24;
    private const int LeastSubScale = 17;

    /// <summary>A tensor [rows, columns].</summary>
    /// <param name="name">Its name.</param>
    /// <param name="isWide">Q6_K instead of Q4_K.</param>
    /// <param name="columns">A multiple of 256.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="seed">Fixes the bits, with the name.</param>
    public static TensorSource Tensor(string name, bool isWide, long columns, long rows, ulong seed)
    {
        TensorFormat format = TensorFormats.All.Single(entry => entry.Name == (isWide ? "Q6_K" : "Q4_K"));
        long blockCount = columns * rows / format.BlockLength;
        ulong stream = name.Aggregate(seed, (mixed, letter) => CounterRandom.Mix(mixed, letter, 0));
        return new TensorSource(name, format, [columns, rows], output =>
        {
            byte[] piece = new byte[BlocksPerPiece * format.BlockByteLength];
            for (long block = 0; block < blockCount; block += BlocksPerPiece)
            {
                int count = (int)Math.Min(BlocksPerPiece, blockCount - block);
                Span<byte> bytes = piece.AsSpan(0, count * format.BlockByteLength);
                FillRandom(bytes, stream, block);
                for (int i = 0; i < count; i++)
                {
                    Span<byte> one = bytes.Slice(i * format.BlockByteLength, format.BlockByteLength);
                    if (isWide)
                    {
                        ScaleQ6K(one, 1 / (Math.Sqrt(columns) * SixBitDeviation * MeanSubScale));
                    }
                    else
                    {
                        ScaleQ4K(one, 1 / (Math.Sqrt(columns) * NibbleDeviation * MeanSubScale));
                    }
                }

                output.Write(bytes);
            }
        });
    }

    private static void FillRandom(Span<byte> bytes, ulong stream, long block)
    {
        ulong piece = CounterRandom.Mix(stream, (ulong)block, 0);
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = CounterRandom.Mix(piece, (ulong)i, 0);
        }

        Span<byte> rest = bytes[(words.Length * sizeof(ulong))..];
        for (int i = 0; i < rest.Length; i++)
        {
            rest[i] = (byte)CounterRandom.Mix(piece, (ulong)(words.Length + i), 1);
        }
    }

    // Scale and minimum of a sub-block are the same number, and the minima's scale is 7.5 times the other, so that the
    // mean is 0.
    private static void ScaleQ4K(Span<byte> block, double scale)
    {
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)scale);
        BinaryPrimitives.WriteHalfLittleEndian(block[2..], (Half)(7.5 * scale));
        Span<byte> packed = block.Slice(4, 12);
        Span<byte> scales = stackalloc byte[8];
        for (int j = 0; j < scales.Length; j++)
        {
            scales[j] = (byte)(LeastSubScale + (packed[j] & 15));
        }

        for (int j = 0; j < 4; j++)
        {
            byte upper = (byte)(scales[j] | (scales[j + 4] >> 4 << 6));
            packed[j] = upper;
            packed[j + 4] = upper;
            packed[j + 8] = (byte)((scales[j + 4] & 15) | ((scales[j + 4] & 15) << 4));
        }
    }

    // Half of the sub-blocks' scales are negative: their codes' mean of −½ comes out at 0.
    private static void ScaleQ6K(Span<byte> block, double scale)
    {
        foreach (ref byte subScale in block.Slice(192, 16))
        {
            int size = LeastSubScale + (subScale & 15);
            subScale = (byte)(sbyte)((subScale & 16) == 0 ? size : -size);
        }

        BinaryPrimitives.WriteHalfLittleEndian(block[208..], (Half)scale);
    }
}
