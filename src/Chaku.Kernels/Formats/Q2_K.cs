using System.Runtime.InteropServices;
using Chaku.Kernels.Formats.Rounding;

namespace Chaku.Kernels.Formats;

/// <summary>
/// 256 weights in 16 sub-blocks: w = scale · scale_j · code − minimumScale · minimum_j, code in [0, 3].
/// </summary>
/// <remarks>
/// Bytes: scales and minima of 4 bits, codes, scale, minimum scale. Of each half of 128 weights, byte l of 32 holds
/// weights l, l + 32, l + 64, l + 96. The product has 17 bits, so that a fused difference has the same bits.
/// Source: ggml, <c>block_q2_K</c>.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 2)]
internal struct BlockQ2_K : IQuantBlock<BlockQ2_K, Activation256>
{
    /// <summary>scale_j in the low nibble, minimum_j in the high.</summary>
    public Bytes16 Scales;

    /// <summary>Codes, four to a byte, the first in the lowest bits.</summary>
    public Bytes64 PackedCodes;

    /// <summary>The scale of the scales, half precision.</summary>
    public ushort Scale;

    /// <summary>The scale of the minima, half precision.</summary>
    public ushort MinimumScale;

    private const int LargestScale = 15;

    private static readonly CodeRange Codes = new(0, 3, First: -0.5f, Step: 0.1f, Count: 16);

    public static string Name => "Q2_K";

    public static int GgmlType => 10;

    public static int Length => 256;

    public static void Dequantise(ref readonly BlockQ2_K block, Span<float> weights)
    {
        Span<sbyte> codes = stackalloc sbyte[256];
        Unpack(in block, codes);
        float scale = Fp16.ToSingle(block.Scale);
        float minimumScale = Fp16.ToSingle(block.MinimumScale);
        for (int j = 0; j < 16; j++)
        {
            float minimum = minimumScale * (block.Scales[j] >> 4);
            float factor = scale * (block.Scales[j] & 15);
            CodeSpan.ScaleAndAdd(codes.Slice(j * 16, 16), factor, -minimum, weights[(j * 16)..]);
        }
    }

    public static void Quantise(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, ref BlockQ2_K block)
    {
        Span<sbyte> codes = stackalloc sbyte[256];
        Span<byte> scales = stackalloc byte[16];
        Span<byte> minima = stackalloc byte[16];
        block = default;
        (block.Scale, block.MinimumScale) = SubBlocks.RoundWithMinima(
            weights, importance, Codes, LargestScale, scales, minima, codes);
        for (int j = 0; j < 16; j++)
        {
            block.Scales[j] = (byte)(scales[j] | (minima[j] << 4));
        }

        for (int i = 0; i < 8; i++)
        {
            Span<byte> packed = ((Span<byte>)block.PackedCodes).Slice(i / 4 * 32, 32);
            CodeSpan.SetBits(codes.Slice(i * 32, 32), from: 0, count: 2, to: i % 4 * 2, packed);
        }
    }

    public static float AddDotReference(
        float sum, ref readonly BlockQ2_K weights, ref readonly Activation256 activations)
    {
        Span<sbyte> codes = stackalloc sbyte[256];
        Unpack(in weights, codes);
        ReadOnlySpan<sbyte> x = activations.Codes;

        // At most 256 · 15 · 3 · 127 < 2^21.
        int dot = 0;
        int minima = 0;
        for (int j = 0; j < 16; j++)
        {
            dot += (weights.Scales[j] & 15) * CodeSpan.Dot(codes.Slice(j * 16, 16), x.Slice(j * 16, 16));
            minima += (weights.Scales[j] >> 4) * activations.Sums[j];
        }

        sum = MathF.FusedMultiplyAdd(Fp16.ToSingle(weights.Scale) * activations.Scale, dot, sum);
        return MathF.FusedMultiplyAdd(-(Fp16.ToSingle(weights.MinimumScale) * activations.Scale), minima, sum);
    }

    private static void Unpack(ref readonly BlockQ2_K block, Span<sbyte> codes)
    {
        codes.Clear();
        ReadOnlySpan<byte> packed = block.PackedCodes;
        for (int i = 0; i < 8; i++)
        {
            CodeSpan.AddBits(packed.Slice(i / 4 * 32, 32), from: i % 4 * 2, count: 2, to: 0, codes.Slice(i * 32, 32));
        }
    }
}
