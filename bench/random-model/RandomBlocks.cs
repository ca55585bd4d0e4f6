using System.Runtime.InteropServices;
using Chaku.Kernels.Formats;
using Chaku.Kernels.Ops;
using Chaku.Model.Files;

namespace Chaku.RandomModel;

/// <summary>Random blocks of a tensor format, written as they lie in a file, without float32 weights before.</summary>
/// <remarks>
/// The weights have mean 0 and a standard deviation of about 1 / √columns. A block's bits are a function of seed,
/// tensor and place. The blocks' layouts: ggml, <c>block_q4_0</c> and its neighbours.
/// </remarks>
internal abstract class RandomBlocks
{
    /// <summary>
    /// How random bytes become sound blocks, a line for each entry of <see cref="TensorFormats.All"/>.
    /// </summary>
    public static readonly IReadOnlyList<RandomBlocks> All =
    [
        new RandomFloats("F32", fractionBits: 23, exponentBias: 127),
        new RandomFloats("F16", fractionBits: 10, exponentBias: 15),
        new RandomFloats("BF16", fractionBits: 7, exponentBias: 127),
        new RandomCodes("Q4_0", scaleOffset: 0),
        new RandomCodes("Q4_1", scaleOffset: 0) { MinimumOffset = 2, MinimumRatio = -7.5 },
        new RandomCodes("Q5_0", scaleOffset: 0),
        new RandomCodes("Q5_1", scaleOffset: 0) { MinimumOffset = 2, MinimumRatio = -15.5 },
        new RandomCodes("Q8_0", scaleOffset: 0) { Tame = SubScales.KeepCodesSymmetric },
        new RandomCodes("Q2_K", scaleOffset: 80)
        {
            MinimumOffset = 82, MinimumRatio = 1.5, Tame = block => SubScales.SetNibblePairs(block[..16]),
        },
        new RandomCodes("Q3_K", scaleOffset: 108),
        new RandomCodes("Q4_K", scaleOffset: 0)
        {
            MinimumOffset = 2, MinimumRatio = 7.5, Tame = block => SubScales.SetSixBitPairs(block.Slice(4, 12)),
        },
        new RandomCodes("Q5_K", scaleOffset: 0)
        {
            MinimumOffset = 2, MinimumRatio = 15.5, Tame = block => SubScales.SetSixBitPairs(block.Slice(4, 12)),
        },
        new RandomCodes("Q6_K", scaleOffset: 208) { Tame = block => SubScales.SetSigned(block.Slice(192, 16)) },
    ];

    // About a megabyte at a time.
    private const int PieceByteLength = 1 << 20;

    /// <summary>The format's name.</summary>
    /// <param name="name">As the table of formats spells it.</param>
    protected RandomBlocks(string name) => Format = TensorFormats.FromName(name)!;

    /// <summary>The format.</summary>
    public TensorFormat Format { get; }

    /// <summary>The entry of a format.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static RandomBlocks Of(string format) => All.FirstOrDefault(entry => entry.Format.Name == format)
        ?? throw new ArgumentException($"there are no random weights in {format}");

    /// <summary>A tensor [rows, columns].</summary>
    /// <param name="name">Its name.</param>
    /// <param name="columns">A multiple of the format's block.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="seed">Fixes the bits, with the name.</param>
    public TensorSource Tensor(string name, long columns, long rows, ulong seed)
    {
        long byteLength = Format.ByteLength(columns * rows);
        ulong stream = name.Aggregate(seed, (mixed, letter) => CounterRandom.Mix(mixed, letter, 0));
        return new TensorSource(name, Format, [columns, rows], output =>
        {
            Action<Span<byte>> tame = Tamer(1 / Math.Sqrt(columns));
            byte[] piece = new byte[PieceByteLength / Format.BlockByteLength * Format.BlockByteLength];
            for (long done = 0; done < byteLength; done += piece.Length)
            {
                Span<byte> bytes = piece.AsSpan(0, (int)Math.Min(piece.Length, byteLength - done));
                FillRandom(bytes, CounterRandom.Mix(stream, (ulong)done, 0));
                tame(bytes);
                output.Write(bytes);
            }
        });
    }

    /// <summary>What makes weights of this deviation from random bytes of whole blocks.</summary>
    protected abstract Action<Span<byte>> Tamer(double deviation);

    /// <summary>Bytes that belong to a number: xorshift64*, eight at a time.</summary>
    /// <remarks>
    /// Source: Vigna, An experimental exploration of Marsaglia's xorshift generators, scrambled, 2016.
    /// </remarks>
    protected static void FillRandom(Span<byte> bytes, ulong number)
    {
        ulong state = number | 1;
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        for (int i = 0; i < words.Length; i++)
        {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            words[i] = state * 0x2545F4914F6CDD1D;
        }

        Span<byte> rest = bytes[(words.Length * sizeof(ulong))..];
        for (int i = 0; i < rest.Length; i++)
        {
            rest[i] = (byte)CounterRandom.Mix(number, (ulong)i, 1);
        }
    }
}
