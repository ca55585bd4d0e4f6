using System.Runtime.InteropServices;
using Chaku.Kernels.Formats.Rounding;

namespace Chaku.Kernels.Formats;

/// <summary>32 weights: w = scale · code + minimum, both in half precision, code in [0, 15].</summary>
/// <remarks>
/// Bytes: scale, minimum, nibbles. The product has 15 bits, so that a fused sum has the same bits.
/// Source: ggml, <c>block_q4_1</c>.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 2)]
internal struct BlockQ4_1 : IQuantBlock<BlockQ4_1, Activation32>
{
    /// <summary>The scale, half precision.</summary>
    public ushort Scale;

    /// <summary>The minimum, half precision.</summary>
    public ushort Minimum;

    /// <summary>Code i in the low nibble, code i + 16 in the high.</summary>
    public Bytes16 Nibbles;

    public static string Name => "Q4_1";

    public static int GgmlType => 3;

    public static int Length => 32;

    public static void Dequantise(ref readonly BlockQ4_1 block, Span<float> weights)
    {
        Span<sbyte> codes = stackalloc sbyte[32];
        Unpack(in block, codes);
        CodeSpan.ScaleAndAdd(codes, Fp16.ToSingle(block.Scale), Fp16.ToSingle(block.Minimum), weights);
    }

    public static void Quantise(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, ref BlockQ4_1 block)
    {
        Span<sbyte> codes = stackalloc sbyte[32];
        block = default;
        (block.Scale, block.Minimum) = Blocks32.RoundWithMinimum(weights, importance, largest: 15, codes);
        Pack(codes, ref block);
    }

    public static float AddDotReference(
        float sum, ref readonly BlockQ4_1 weights, ref readonly Activation32 activations)
    {
        Span<sbyte> codes = stackalloc sbyte[32];
        Unpack(in weights, codes);
        float scale = Fp16.ToSingle(weights.Scale) * activations.Scale;
        float minimum = Fp16.ToSingle(weights.Minimum) * activations.Scale;
        sum = MathF.FusedMultiplyAdd(scale, CodeSpan.Dot(codes, activations.Codes), sum);
        return MathF.FusedMultiplyAdd(minimum, activations.Sum, sum);
    }

    private static void Unpack(ref readonly BlockQ4_1 block, Span<sbyte> codes)
    {
        codes.Clear();
        CodeSpan.AddBits(block.Nibbles, from: 0, count: 4, to: 0, codes[..16]);
        CodeSpan.AddBits(block.Nibbles, from: 4, count: 4, to: 0, codes[16..]);
    }

    private static void Pack(ReadOnlySpan<sbyte> codes, ref BlockQ4_1 block)
    {
        CodeSpan.SetBits(codes[..16], from: 0, count: 4, to: 0, block.Nibbles);
        CodeSpan.SetBits(codes[16..], from: 0, count: 4, to: 4, block.Nibbles);
    }
}
