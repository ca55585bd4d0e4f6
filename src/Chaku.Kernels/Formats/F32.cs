using System.Runtime.InteropServices;

namespace Chaku.Kernels.Formats;

/// <summary>One float32 weight.</summary>
internal struct BlockF32 : IBlock<BlockF32>
{
    /// <summary>The weight.</summary>
    public float Value;

    public static string Name => "F32";

    public static int GgmlType => 0;

    public static int Length => 1;

    public static void Dequantise(ref readonly BlockF32 block, Span<float> weights) => weights[0] = block.Value;

    public static void Quantise(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, ref BlockF32 block) =>
        block.Value = weights[0];

    public static void QuantiseMany(
        ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, Span<BlockF32> blocks) =>
        weights.CopyTo(MemoryMarshal.Cast<BlockF32, float>(blocks));

    public static void DequantiseMany(ReadOnlySpan<BlockF32> blocks, Span<float> weights) =>
        MemoryMarshal.Cast<BlockF32, float>(blocks).CopyTo(weights);
}
