using System.Runtime.InteropServices;

namespace Chaku.Kernels.Formats;

/// <summary>One weight in half precision.</summary>
internal struct BlockF16 : IBlock<BlockF16>
{
    /// <summary>The weight's bits.</summary>
    public ushort Value;

    public static string Name => "F16";

    public static int GgmlType => 1;

    public static int Length => 1;

    public static void Dequantise(ref readonly BlockF16 block, Span<float> weights) =>
        weights[0] = Fp16.ToSingle(block.Value);

    public static void Quantise(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, ref BlockF16 block) =>
        block.Value = Fp16.FromSingle(weights[0]);

    public static void QuantiseMany(
        ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, Span<BlockF16> blocks) =>
        Fp16.FromSingle(weights, MemoryMarshal.Cast<BlockF16, ushort>(blocks));

    public static void DequantiseMany(ReadOnlySpan<BlockF16> blocks, Span<float> weights) =>
        Fp16.ToSingle(MemoryMarshal.Cast<BlockF16, ushort>(blocks), weights);
}
