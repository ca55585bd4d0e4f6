using System.Buffers.Binary;
using Chaku.Kernels.Formats;

namespace Chaku.Kernels.Tests.Formats;

/// <summary>What the specification says of a quantised block, in the bytes of a file.</summary>
/// <param name="Name">The format.</param>
/// <param name="ByteLength">Bytes in one block.</param>
/// <param name="ScaleAt">Where the half-precision scale lies.</param>
/// <param name="MinimumAt">Where the half-precision minimum, or scale of minima, lies; null without.</param>
internal sealed record BlockLayout(string Name, int ByteLength, int ScaleAt, int? MinimumAt = null)
{
    /// <summary>Every quantised format; a test compares the list with the table.</summary>
    public static readonly IReadOnlyList<BlockLayout> All =
    [
        new("Q4_0", 18, 0),
        new("Q4_1", 20, 0, 2),
        new("Q5_0", 22, 0),
        new("Q5_1", 24, 0, 2),
        new("Q8_0", 34, 0),
        new("Q2_K", 84, 80, 82),
        new("Q3_K", 110, 108),
        new("Q4_K", 144, 0, 2),
        new("Q5_K", 176, 0, 2),
        new("Q6_K", 210, 208),
    ];

    /// <summary>The layout of a format.</summary>
    public static BlockLayout Of(TensorFormat format) => All.Single(layout => layout.Name == format.Name);

    /// <summary>Blocks of random bytes; scales and minima of 0.001 to 0.1 with random signs.</summary>
    public byte[] RandomBlocks(int count, Random random)
    {
        byte[] blocks = new byte[count * ByteLength];
        random.NextBytes(blocks);
        float Draw() => (0.001f + (0.099f * random.NextSingle())) * (random.Next(2) == 0 ? 1 : -1);
        for (int block = 0; block < count; block++)
        {
            SetScale(blocks, block, Draw());
            SetMinimum(blocks, block, Draw());
        }

        return blocks;
    }

    /// <summary>Blocks of one byte repeated, with this scale and minimum.</summary>
    public byte[] UniformBlocks(int count, byte value, float scale, float minimum)
    {
        byte[] blocks = new byte[count * ByteLength];
        Array.Fill(blocks, value);
        for (int block = 0; block < count; block++)
        {
            SetScale(blocks, block, scale);
            SetMinimum(blocks, block, minimum);
        }

        return blocks;
    }

    /// <summary>The same blocks with their scales set to zero: minus their minima are left.</summary>
    public byte[] WithoutScales(byte[] blocks)
    {
        byte[] copy = [.. blocks];
        for (int block = 0; block < blocks.Length / ByteLength; block++)
        {
            SetScale(copy, block, 0);
        }

        return copy;
    }

    /// <summary>The same blocks with their minima set to zero: scaled codes are left.</summary>
    public byte[] WithoutMinima(byte[] blocks)
    {
        byte[] copy = [.. blocks];
        for (int block = 0; block < blocks.Length / ByteLength; block++)
        {
            SetMinimum(copy, block, 0);
        }

        return copy;
    }

    private void SetScale(byte[] blocks, int block, float value) =>
        SetHalf(blocks, (block * ByteLength) + ScaleAt, value);

    private void SetMinimum(byte[] blocks, int block, float value)
    {
        if (MinimumAt is int at)
        {
            SetHalf(blocks, (block * ByteLength) + at, value);
        }
    }

    private static void SetHalf(byte[] bytes, int at, float value) =>
        BinaryPrimitives.WriteHalfLittleEndian(bytes.AsSpan(at), (Half)value);
}
