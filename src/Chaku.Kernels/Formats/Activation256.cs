using System.Runtime.CompilerServices;

namespace Chaku.Kernels.Formats;

/// <summary>256 activations rounded to 8 bits, beside the K-quants.</summary>
internal struct Activation256 : IActivationBlock<Activation256>
{
    /// <summary>x ≈ scale · code.</summary>
    public float Scale;

    /// <summary>Σ codes of each 16 in turn.</summary>
    public SumArray Sums;

    /// <summary>Codes in [−127, 127].</summary>
    public CodeArray Codes;

    public static int Length => 256;

    public static void Quantise(ReadOnlySpan<float> x, ref Activation256 block)
    {
        block.Scale = ActivationRounding.Round(x, block.Codes);
        for (int i = 0; i < 16; i++)
        {
            block.Sums[i] = (short)ActivationRounding.Sum(block.Codes[(i * 16)..((i + 1) * 16)]);
        }
    }

    [InlineArray(16)]
    internal struct SumArray
    {
        private short _first;
    }

    [InlineArray(256)]
    internal struct CodeArray
    {
        private sbyte _first;
    }
}
