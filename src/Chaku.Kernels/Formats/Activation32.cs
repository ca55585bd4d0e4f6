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

    /// <summary>What codes that are stored with 8 added have too much is this times the sum of activations.</summary>
    private const int Offset = -8;

    public static int Length => 32;

    public static int TileSumCount => 2;

    public static void Quantise(ReadOnlySpan<float> x, ref Activation32 block)
    {
        block.Scale = ActivationRounding.Round(x, block.Codes);
        block.Sum = ActivationRounding.Sum(block.Codes);
    }

    public static float GetScale(ref readonly Activation32 block) => block.Scale;

    public static ReadOnlySpan<sbyte> GetCodes(ref readonly Activation32 block) => block.Codes;

    public static void WriteTileSums(ref readonly Activation32 block, Span<int> sums)
    {
        sums[0] = block.Sum;
        sums[1] = Offset * block.Sum;
    }

    [InlineArray(32)]
    internal struct CodeArray
    {
        private sbyte _first;
    }
}
