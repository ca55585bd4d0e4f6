using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Chaku.Kernels.Formats.Rounding;

namespace Chaku.Kernels.Formats;

/// <summary>32 weights: w = scale · code, scale in half precision, code in [−128, 127].</summary>
/// <remarks>Source: ggml, <c>block_q8_0</c>.</remarks>
[StructLayout(LayoutKind.Sequential, Pack = 2)]
internal struct BlockQ8_0 : IQuantBlock<BlockQ8_0, Activation32>
{
    /// <summary>The scale, half precision.</summary>
    public ushort Scale;

    /// <summary>One signed byte a weight.</summary>
    public Codes32 Codes;

    public static string Name => "Q8_0";

    public static int GgmlType => 8;

    public static int Length => 32;

    public static void Dequantise(ref readonly BlockQ8_0 block, Span<float> weights) =>
        CodeSpan.Scale(block.Codes, Fp16.ToSingle(block.Scale), weights);

    /// <remarks>The bytes of ggml's reference quantiser: ties are rounded away from zero.</remarks>
    /// <inheritdoc/>
    public static void Quantise(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, ref BlockQ8_0 block)
    {
        float scale = MathF.Abs(WeightRounding.Farthest(weights)) / 127;
        float inverse = scale == 0 ? 0 : 1 / scale;
        block.Scale = Fp16.FromSingle(scale);
        for (int i = 0; i < Length; i++)
        {
            block.Codes[i] = (sbyte)MathF.Round(weights[i] * inverse, MidpointRounding.AwayFromZero);
        }
    }

    public static float AddDotReference(
        float sum, ref readonly BlockQ8_0 weights, ref readonly Activation32 activations)
    {
        float scale = Fp16.ToSingle(weights.Scale) * activations.Scale;
        return MathF.FusedMultiplyAdd(scale, CodeSpan.Dot(weights.Codes, activations.Codes), sum);
    }

    [InlineArray(32)]
    internal struct Codes32
    {
        private sbyte _first;
    }
}
