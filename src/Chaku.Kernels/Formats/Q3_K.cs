using System.Runtime.InteropServices;
using Chaku.Kernels.Formats.Rounding;

namespace Chaku.Kernels.Formats;

/// <summary>
/// 256 weights in 16 sub-blocks: w = scale · (scale_j − 32) · (code − 4), code in [0, 7], scale_j in [0, 63].
/// </summary>
/// <remarks>
/// Bytes: third bits, lower bits, scales, scale. Of each half of 128 weights, byte l of 32 holds the lower bits of
/// weights l, l + 32, l + 64, l + 96; bit i of third-bit byte l belongs to weight l + 32i.
/// Source: ggml, <c>block_q3_K</c>.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 2)]
internal struct BlockQ3_K : IQuantBlock<BlockQ3_K, Activation256>
{
    /// <summary>The third bit of each code.</summary>
    public Bytes32 ThirdBits;

    /// <summary>The lower two bits of codes, four to a byte, the first in the lowest bits.</summary>
    public Bytes64 LowerBits;

    /// <summary>16 scales of 6 bits.</summary>
    public Bytes12 Scales;

    /// <summary>The scale of the scales, half precision.</summary>
    public ushort Scale;

    private const int LeastScale = -32;

    private static readonly CodeRange Codes = new(-4, 3, First: -0.9f, Step: 0.1f, Count: 19);

    public static string Name => "Q3_K";

    public static int GgmlType => 11;

    public static int Length => 256;

    public static void Dequantise(ref readonly BlockQ3_K block, Span<float> weights)
    {
        Span<sbyte> codes = stackalloc sbyte[256];
        Unpack(in block, codes);
        float scale = Fp16.ToSingle(block.Scale);
        for (int j = 0; j < 16; j++)
        {
            CodeSpan.Scale(codes.Slice(j * 16, 16), scale * SubScale(in block, j), weights[(j * 16)..]);
        }
    }

    public static void Quantise(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, ref BlockQ3_K block)
    {
        Span<sbyte> codes = stackalloc sbyte[256];
        Span<sbyte> scales = stackalloc sbyte[16];
        block = default;
        block.Scale = SubBlocks.RoundSymmetric(weights, importance, Codes, LeastScale, scales, codes);
        for (int j = 0; j < 16; j++)
        {
            int scale = scales[j] - LeastScale;
            block.Scales[j % 8] |= (byte)((scale & 15) << (j / 8 * 4));
            block.Scales[8 + (j % 4)] |= (byte)((scale >> 4) << (j / 4 * 2));
        }

        CodeSpan.Add(-Codes.Least, codes);
        for (int i = 0; i < 8; i++)
        {
            ReadOnlySpan<sbyte> part = codes.Slice(i * 32, 32);
            CodeSpan.SetBits(
                part, from: 0, count: 2, to: i % 4 * 2, ((Span<byte>)block.LowerBits).Slice(i / 4 * 32, 32));
            CodeSpan.SetBits(part, from: 2, count: 1, to: i, block.ThirdBits);
        }
    }

    public static float AddDotReference(
        float sum, ref readonly BlockQ3_K weights, ref readonly Activation256 activations)
    {
        Span<sbyte> codes = stackalloc sbyte[256];
        Unpack(in weights, codes);
        ReadOnlySpan<sbyte> x = activations.Codes;

        // At most 256 · 32 · 4 · 127 < 2^22.
        int dot = 0;
        for (int j = 0; j < 16; j++)
        {
            dot += SubScale(in weights, j) * CodeSpan.Dot(codes.Slice(j * 16, 16), x.Slice(j * 16, 16));
        }

        return MathF.FusedMultiplyAdd(Fp16.ToSingle(weights.Scale) * activations.Scale, dot, sum);
    }

    /// <summary>
    /// scale_j − 32: lower 4 bits in nibbles of bytes 0 to 7, upper 2 in pairs of bits of bytes 8 to 11.
    /// </summary>
    private static int SubScale(ref readonly BlockQ3_K block, int j)
    {
        int lower = (block.Scales[j % 8] >> (j / 8 * 4)) & 15;
        int upper = (block.Scales[8 + (j % 4)] >> (j / 4 * 2)) & 3;
        return (lower | (upper << 4)) - 32;
    }

    private static void Unpack(ref readonly BlockQ3_K block, Span<sbyte> codes)
    {
        codes.Fill(-4);
        ReadOnlySpan<byte> lower = block.LowerBits;
        for (int i = 0; i < 8; i++)
        {
            Span<sbyte> part = codes.Slice(i * 32, 32);
            CodeSpan.AddBits(lower.Slice(i / 4 * 32, 32), from: i % 4 * 2, count: 2, to: 0, part);
            CodeSpan.AddBits(block.ThirdBits, from: i, count: 1, to: 2, part);
        }
    }
}
