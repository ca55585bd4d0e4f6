using System.Runtime.InteropServices;
using Chaku.Kernels.Formats.Rounding;

namespace Chaku.Kernels.Formats;

/// <summary>
/// 256 weights in 8 sub-blocks: w = scale · scale_j · code − minimumScale · minimum_j, code in [0, 15].
/// </summary>
/// <remarks>
/// Bytes: scale, minimum scale, scales and minima, nibbles. Byte l of each 32 holds weight l of an even sub-block in
/// its low nibble and of the odd one after it in its high. The product has 21 bits, so that a fused difference has the
/// same bits.
/// Source: ggml, <c>block_q4_K</c>.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 2)]
internal struct BlockQ4_K : IQuantBlock<BlockQ4_K, Activation256>
{
    /// <summary>The scale of the scales, half precision.</summary>
    public ushort Scale;

    /// <summary>The scale of the minima, half precision.</summary>
    public ushort MinimumScale;

    /// <summary>A scale and a minimum for each 32 weights.</summary>
    public ScalesAndMinima Scales;

    /// <summary>Codes, two to a byte.</summary>
    public Bytes128 Nibbles;

    private static readonly CodeRange Codes = new(0, 15, First: -1, Step: 0.1f, Count: 21);

    public static string Name => "Q4_K";

    public static int GgmlType => 12;

    public static int Length => 256;

    public static void Dequantise(ref readonly BlockQ4_K block, Span<float> weights)
    {
        Span<sbyte> codes = stackalloc sbyte[256];
        Unpack(in block, codes);
        float scale = Fp16.ToSingle(block.Scale);
        float minimumScale = Fp16.ToSingle(block.MinimumScale);
        for (int j = 0; j < 8; j++)
        {
            float minimum = minimumScale * block.Scales.Minimum(j);
            CodeSpan.ScaleAndAdd(codes.Slice(j * 32, 32), scale * block.Scales.Scale(j), -minimum, weights[(j * 32)..]);
        }
    }

    public static void Quantise(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, ref BlockQ4_K block)
    {
        Span<sbyte> codes = stackalloc sbyte[256];
        Span<byte> scales = stackalloc byte[8];
        Span<byte> minima = stackalloc byte[8];
        block = default;
        (block.Scale, block.MinimumScale) = SubBlocks.RoundWithMinima(
            weights, importance, Codes, ScalesAndMinima.Largest, scales, minima, codes);
        block.Scales.Set(scales, minima);
        for (int j = 0; j < 8; j++)
        {
            Span<byte> nibbles = ((Span<byte>)block.Nibbles).Slice(j / 2 * 32, 32);
            CodeSpan.SetBits(codes.Slice(j * 32, 32), from: 0, count: 4, to: j % 2 * 4, nibbles);
        }
    }

    public static float AddDotReference(
        float sum, ref readonly BlockQ4_K weights, ref readonly Activation256 activations)
    {
        Span<sbyte> codes = stackalloc sbyte[256];
        Unpack(in weights, codes);
        ReadOnlySpan<sbyte> x = activations.Codes;

        // At most 256 · 63 · 15 · 127 < 2^25.
        int dot = 0;
        int minima = 0;
        for (int j = 0; j < 8; j++)
        {
            dot += weights.Scales.Scale(j) * CodeSpan.Dot(codes.Slice(j * 32, 32), x.Slice(j * 32, 32));
            minima += weights.Scales.Minimum(j) * (activations.Sums[2 * j] + activations.Sums[(2 * j) + 1]);
        }

        sum = MathF.FusedMultiplyAdd(Fp16.ToSingle(weights.Scale) * activations.Scale, dot, sum);
        return MathF.FusedMultiplyAdd(-(Fp16.ToSingle(weights.MinimumScale) * activations.Scale), minima, sum);
    }

    private static void Unpack(ref readonly BlockQ4_K block, Span<sbyte> codes)
    {
        codes.Clear();
        ReadOnlySpan<byte> nibbles = block.Nibbles;
        for (int j = 0; j < 8; j++)
        {
            CodeSpan.AddBits(nibbles.Slice(j / 2 * 32, 32), from: j % 2 * 4, count: 4, to: 0, codes.Slice(j * 32, 32));
        }
    }
}
