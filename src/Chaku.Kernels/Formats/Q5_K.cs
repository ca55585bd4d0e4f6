using System.Runtime.InteropServices;
using Chaku.Kernels.Formats.Rounding;

namespace Chaku.Kernels.Formats;

/// <summary>
/// 256 weights in 8 sub-blocks: w = scale · scale_j · code − minimumScale · minimum_j, code in [0, 31].
/// </summary>
/// <remarks>
/// Bytes: scale, minimum scale, scales and minima, fifth bits, nibbles. Nibbles lie as in Q4_K; bit j of fifth-bit byte
/// l belongs to weight l of sub-block j. The product has 22 bits, so that a fused difference has the same bits.
/// Source: ggml, <c>block_q5_K</c>.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 2)]
internal struct BlockQ5_K : IQuantBlock<BlockQ5_K, Activation256>
{
    /// <summary>The scale of the scales, half precision.</summary>
    public ushort Scale;

    /// <summary>The scale of the minima, half precision.</summary>
    public ushort MinimumScale;

    /// <summary>A scale and a minimum for each 32 weights.</summary>
    public ScalesAndMinima Scales;

    /// <summary>The fifth bit of each code.</summary>
    public Bytes32 FifthBits;

    /// <summary>The lower bits of codes, two to a byte.</summary>
    public Bytes128 Nibbles;

    private static readonly CodeRange Codes = new(0, 31, First: -0.5f, Step: 0.1f, Count: 16);

    public static string Name => "Q5_K";

    public static int GgmlType => 13;

    public static int Length => 256;

    public static void Dequantise(ref readonly BlockQ5_K block, Span<float> weights)
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

    public static void Quantise(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, ref BlockQ5_K block)
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
            ReadOnlySpan<sbyte> part = codes.Slice(j * 32, 32);
            CodeSpan.SetBits(
                part, from: 0, count: 4, to: j % 2 * 4, ((Span<byte>)block.Nibbles).Slice(j / 2 * 32, 32));
            CodeSpan.SetBits(part, from: 4, count: 1, to: j, block.FifthBits);
        }
    }

    public static float AddDotReference(
        float sum, ref readonly BlockQ5_K weights, ref readonly Activation256 activations)
    {
        Span<sbyte> codes = stackalloc sbyte[256];
        Unpack(in weights, codes);
        ReadOnlySpan<sbyte> x = activations.Codes;

        // At most 256 · 63 · 31 · 127 < 2^26.
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

    private static void Unpack(ref readonly BlockQ5_K block, Span<sbyte> codes)
    {
        codes.Clear();
        ReadOnlySpan<byte> nibbles = block.Nibbles;
        for (int j = 0; j < 8; j++)
        {
            Span<sbyte> part = codes.Slice(j * 32, 32);
            CodeSpan.AddBits(nibbles.Slice(j / 2 * 32, 32), from: j % 2 * 4, count: 4, to: 0, part);
            CodeSpan.AddBits(block.FifthBits, from: j, count: 1, to: 4, part);
        }
    }
}
