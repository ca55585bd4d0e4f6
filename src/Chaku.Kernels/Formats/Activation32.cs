using System.Runtime.CompilerServices;

namespace Chaku.Kernels.Formats;

/// <summary>32 activations rounded to 8 bits, beside the formats with blocks of 32.</summary>
internal struct Activation32 : IActivationBlock<Activation32>
{
    /// <summary>x ≈ scale · code.</summary>
    public float Scale;

    /// <summary>Σ codes.</summary>
    public int Sum;

    /// <summary>Codes in [−127, 127].</summary>
    public CodeArray Codes;

    public static int Length => 32;

    public static void Quantise(ReadOnlySpan<float> x, ref Activation32 block)
    {
        block.Scale = ActivationRounding.Round(x, block.Codes);
        block.Sum = ActivationRounding.Sum(block.Codes);
    }

    [InlineArray(32)]
    internal struct CodeArray
    {
        private sbyte _first;
    }
}
