using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Chaku.Kernels.Formats;

/// <summary>256 activations rounded to 8 bits, beside the K-quants.</summary>
internal struct Activation256 : IActivationBlock<Activation256>
{
    /// <summary>Where in an activation tile pairs of sums of 32 codes begin, after those of 16.</summary>
    public const int FirstSumOf32 = 8;

    /// <summary>x ≈ scale · code.</summary>
    public float Scale;

    /// <summary>Σ codes of each 16 in turn.</summary>
    public SumArray Sums;

    /// <summary>Codes in [−127, 127].</summary>
    public CodeArray Codes;

    public static int Length => 256;

    public static int TileSumCount => FirstSumOf32 + 4;

    public static void Quantise(ReadOnlySpan<float> x, ref Activation256 block)
    {
        block.Scale = ActivationRounding.Round(x, block.Codes);
        for (int i = 0; i < 16; i++)
        {
            block.Sums[i] = (short)ActivationRounding.Sum(block.Codes[(i * 16)..((i + 1) * 16)]);
        }
    }

    public static float GetScale(ref readonly Activation256 block) => block.Scale;

    public static ReadOnlySpan<sbyte> GetCodes(ref readonly Activation256 block) => block.Codes;

    public static void WriteTileSums(ref readonly Activation256 block, Span<int> sums)
    {
        Span<short> pairs = MemoryMarshal.Cast<int, short>(sums);
        ReadOnlySpan<short> sumsOf16 = block.Sums;
        sumsOf16.CopyTo(pairs);
        for (int i = 0; i < 8; i++)
        {
            pairs[(2 * FirstSumOf32) + i] = (short)(sumsOf16[2 * i] + sumsOf16[(2 * i) + 1]);
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
