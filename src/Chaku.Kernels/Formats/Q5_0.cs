using System.Runtime.InteropServices;
using Chaku.Kernels.Formats.Rounding;

namespace Chaku.Kernels.Formats;

/// <summary>32 weights: w = scale · (code − 16), scale in half precision, code in [0, 31].</summary>
/// <remarks>
/// Bytes: scale, fifth bits, nibbles.
/// Source: ggml, <c>block_q5_0</c>.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Pack = 2)]
internal struct BlockQ5_0 : IQuantBlock<BlockQ5_0, Activation32>
{
    /// <summary>The scale, half precision.</summary>
    public ushort Scale;

    /// <summary>Bit i is the fifth bit of code i.</summary>
    public uint FifthBits;

    /// <summary>The lower bits of code i in the low nibble, of code i + 16 in the high.</summary>
    public Bytes16 Nibbles;

    public static string Name => "Q5_0";

    public static int GgmlType => 6;

    public static int Length => 32;

    public static void Dequantise(ref readonly BlockQ5_0 block, Span<float> weights)
    {
        Span<sbyte> codes = stackalloc sbyte[32];
        Unpack(in block, codes);
        CodeSpan.Scale(codes, Fp16.ToSingle(block.Scale), weights);
    }

    public static void Quantise(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, ref BlockQ5_0 block)
    {
        Span<sbyte> codes = stackalloc sbyte[32];
        block = default;
        block.Scale = Blocks32.RoundSymmetric(weights, importance, center: 16, codes);
        Pack(codes, ref block);
    }

    public static float AddDotReference(
        float sum, ref readonly BlockQ5_0 weights, ref readonly Activation32 activations)
    {
        Span<sbyte> codes = stackalloc sbyte[32];
        Unpack(in weights, codes);
        float scale = Fp16.ToSingle(weights.Scale) * activations.Scale;
        return MathF.FusedMultiplyAdd(scale, CodeSpan.Dot(codes, activations.Codes), sum);
    }

    private static void Unpack(ref readonly BlockQ5_0 block, Span<sbyte> codes)
    {
        codes.Fill(-16);
        CodeSpan.AddBits(block.Nibbles, from: 0, count: 4, to: 0, codes[..16]);
        CodeSpan.AddBits(block.Nibbles, from: 4, count: 4, to: 0, codes[16..]);
        for (int i = 0; i < Length; i++)
        {
            codes[i] += (sbyte)(((block.FifthBits >> i) & 1) << 4);
        }
    }

    private static void Pack(ReadOnlySpan<sbyte> codes, ref BlockQ5_0 block)
    {
        CodeSpan.SetBits(codes[..16], from: 0, count: 4, to: 0, block.Nibbles);
        CodeSpan.SetBits(codes[16..], from: 0, count: 4, to: 4, block.Nibbles);
        for (int i = 0; i < Length; i++)
        {
            block.FifthBits |= (uint)(codes[i] >> 4) << i;
        }
    }
}
