using System.Runtime.InteropServices;
using Chaku.Kernels.Formats.Rounding;

namespace Chaku.Kernels.Formats;

/// <summary>32 weights: w = scale · (code − 8), scale in half precision, code in [0, 15].</summary>
/// <remarks>
/// Bytes: scale, nibbles.
/// Source: ggml, <c>block_q4_0</c>.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 2)]
internal struct BlockQ4_0 : IQuantBlock<BlockQ4_0, Activation32>
{
    /// <summary>The scale, half precision.</summary>
    public ushort Scale;

    /// <summary>Code i in the low nibble, code i + 16 in the high.</summary>
    public Bytes16 Nibbles;

    public static string Name => "Q4_0";

    public static int GgmlType => 2;

    public static int Length => 32;

    public static void Dequantise(ref readonly BlockQ4_0 block, Span<float> weights)
    {
        Span<sbyte> codes = stackalloc sbyte[32];
        Unpack(in block, codes);
        CodeSpan.Scale(codes, Fp16.ToSingle(block.Scale), weights);
    }

    public static void Quantise(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, ref BlockQ4_0 block)
    {
        Span<sbyte> codes = stackalloc sbyte[32];
        block = default;
        block.Scale = Blocks32.RoundSymmetric(weights, importance, center: 8, codes);
        Pack(codes, ref block);
    }

    public static float AddDotReference(
        float sum, ref readonly BlockQ4_0 weights, ref readonly Activation32 activations)
    {
        Span<sbyte> codes = stackalloc sbyte[32];
        Unpack(in weights, codes);
        float scale = Fp16.ToSingle(weights.Scale) * activations.Scale;
        return MathF.FusedMultiplyAdd(scale, CodeSpan.Dot(codes, activations.Codes), sum);
    }

    private static void Unpack(ref readonly BlockQ4_0 block, Span<sbyte> codes)
    {
        codes.Fill(-8);
        CodeSpan.AddBits(block.Nibbles, from: 0, count: 4, to: 0, codes[..16]);
        CodeSpan.AddBits(block.Nibbles, from: 4, count: 4, to: 0, codes[16..]);
    }

    private static void Pack(ReadOnlySpan<sbyte> codes, ref BlockQ4_0 block)
    {
        CodeSpan.SetBits(codes[..16], from: 0, count: 4, to: 0, block.Nibbles);
        CodeSpan.SetBits(codes[16..], from: 0, count: 4, to: 4, block.Nibbles);
    }
}
