using System.Runtime.InteropServices;
using Chaku.Kernels.Formats.Rounding;

namespace Chaku.Kernels.Formats;

/// <summary>
/// 256 weights in 16 sub-blocks: w = scale · scale_j · (code − 32), code in [0, 63], scale_j in [−128, 127].
/// </summary>
/// <remarks>
/// Bytes: lower bits, upper bits, scales, scale. Of each half of 128 weights, lower-bits byte l of 64 holds weights l
/// and l + 64, and upper-bits byte l of 32 holds weights l, l + 32, l + 64, l + 96.
/// Source: ggml, <c>block_q6_K</c>.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 2)]
internal struct BlockQ6_K : IQuantBlock<BlockQ6_K, Activation256>
{
    /// <summary>The lower four bits of codes, two to a byte.</summary>
    public Bytes128 LowerBits;

    /// <summary>The upper two bits of codes, four to a byte, the first in the lowest bits.</summary>
    public Bytes64 UpperBits;

    /// <summary>A signed scale for each 16 weights.</summary>
    public SignedBytes16 Scales;

    /// <summary>The scale of the scales, half precision.</summary>
    public ushort Scale;

    private static readonly CodeRange Codes = new(-32, 31, First: -0.9f, Step: 0.1f, Count: 19);

    public static string Name => "Q6_K";

    public static int GgmlType => 14;

    public static int Length => 256;

    public static void Dequantise(ref readonly BlockQ6_K block, Span<float> weights)
    {
        Span<sbyte> codes = stackalloc sbyte[256];
        Unpack(in block, codes);
        float scale = Fp16.ToSingle(block.Scale);
        for (int j = 0; j < 16; j++)
        {
            CodeSpan.Scale(codes.Slice(j * 16, 16), scale * block.Scales[j], weights[(j * 16)..]);
        }
    }

    public static void Quantise(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, ref BlockQ6_K block)
    {
        Span<sbyte> codes = stackalloc sbyte[256];
        block = default;
        block.Scale = SubBlocks.RoundSymmetric(weights, importance, Codes, sbyte.MinValue, block.Scales, codes);
        CodeSpan.Add(-Codes.Least, codes);
        for (int i = 0; i < 8; i++)
        {
            int half = i / 4;
            ReadOnlySpan<sbyte> part = codes.Slice(i * 32, 32);
            Span<byte> lower = ((Span<byte>)block.LowerBits).Slice((half * 64) + (i % 2 * 32), 32);
            CodeSpan.SetBits(part, from: 0, count: 4, to: i % 4 / 2 * 4, lower);
            CodeSpan.SetBits(
                part, from: 4, count: 2, to: i % 4 * 2, ((Span<byte>)block.UpperBits).Slice(half * 32, 32));
        }
    }

    public static float AddDotReference(
        float sum, ref readonly BlockQ6_K weights, ref readonly Activation256 activations)
    {
        Span<sbyte> codes = stackalloc sbyte[256];
        Unpack(in weights, codes);
        ReadOnlySpan<sbyte> x = activations.Codes;

        // At most 256 · 128 · 32 · 127 < 2^27.
        int dot = 0;
        for (int j = 0; j < 16; j++)
        {
            dot += weights.Scales[j] * CodeSpan.Dot(codes.Slice(j * 16, 16), x.Slice(j * 16, 16));
        }

        return MathF.FusedMultiplyAdd(Fp16.ToSingle(weights.Scale) * activations.Scale, dot, sum);
    }

    private static void Unpack(ref readonly BlockQ6_K block, Span<sbyte> codes)
    {
        codes.Fill(-32);
        ReadOnlySpan<byte> lower = block.LowerBits;
        ReadOnlySpan<byte> upper = block.UpperBits;
        for (int i = 0; i < 8; i++)
        {
            int half = i / 4;
            Span<sbyte> part = codes.Slice(i * 32, 32);
            CodeSpan.AddBits(lower.Slice((half * 64) + (i % 2 * 32), 32), from: i % 4 / 2 * 4, count: 4, to: 0, part);
            CodeSpan.AddBits(upper.Slice(half * 32, 32), from: i % 4 * 2, count: 2, to: 4, part);
        }
    }
}
