using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats;

/// <summary>Rounding of activations to codes in [−127, 127]; the same bits at every instruction-set level.</summary>
internal static class ActivationRounding
{
    private const float Largest = 127;
    private const int InfinityBits = 0x7F800000;

    /// <summary>code = round-to-even(x · (127 / max|x|)); all codes are 0 where no scale exists.</summary>
    /// <param name="x">float32; a multiple of 32 values.</param>
    /// <param name="codes">As many codes.</param>
    /// <returns>max|x| / 127; NaN where a value is not finite.</returns>
    public static float Round(ReadOnlySpan<float> x, Span<sbyte> codes)
    {
        // Numbers without a sign have the order of their bits; infinity and NaN come last.
        ReadOnlySpan<Vector256<int>> bits = MemoryMarshal.Cast<float, Vector256<int>>(x);
        Vector256<int> magnitudes = Vector256<int>.Zero;
        foreach (Vector256<int> vector in bits)
        {
            magnitudes = Vector256.Max(magnitudes, vector & Vector256.Create(int.MaxValue));
        }

        int largestBits = Max(Vector128.Max(magnitudes.GetLower(), magnitudes.GetUpper()));
        float largest = BitConverter.Int32BitsToSingle(largestBits);
        if (largestBits is 0 or >= InfinityBits)
        {
            codes.Clear();
            return largestBits == 0 ? 0 : float.NaN;
        }

        // Below 2^-120 the reciprocal would overflow; such a block is zero beside anything it is added to.
        float reciprocal = Largest / largest;
        if (!float.IsFinite(reciprocal))
        {
            codes.Clear();
            return 0;
        }

        ReadOnlySpan<Vector256<float>> vectors = MemoryMarshal.Cast<float, Vector256<float>>(x);
        Span<Vector256<sbyte>> packed = MemoryMarshal.Cast<sbyte, Vector256<sbyte>>(codes);
        for (int i = 0; i < packed.Length; i++)
        {
            ReadOnlySpan<Vector256<float>> four = vectors.Slice(4 * i, 4);
            packed[i] = Vector256.NarrowWithSaturation(
                Vector256.NarrowWithSaturation(Code(four[0], reciprocal), Code(four[1], reciprocal)),
                Vector256.NarrowWithSaturation(Code(four[2], reciprocal), Code(four[3], reciprocal)));
        }

        Debug.Assert(!codes.Contains(sbyte.MinValue), "activation codes lie in [-127, 127]");
        return largest / Largest;
    }

    /// <summary>Σ codes.</summary>
    /// <param name="codes">A multiple of 16 codes, at most 4096.</param>
    public static int Sum(ReadOnlySpan<sbyte> codes)
    {
        Vector128<short> sum = Vector128<short>.Zero;
        foreach (Vector128<sbyte> vector in MemoryMarshal.Cast<sbyte, Vector128<sbyte>>(codes))
        {
            sum += Vector128.WidenLower(vector) + Vector128.WidenUpper(vector);
        }

        return Vector128.Sum(Vector128.WidenLower(sum) + Vector128.WidenUpper(sum));
    }

    // Adding and taking away 1.5·2^23 rounds to even, and leaves the code in the low bits of the sum.
    private static Vector256<int> Code(Vector256<float> x, float reciprocal) =>
        ((x * reciprocal) + Vector256.Create(12582912f)).AsInt32() - Vector256.Create(0x4B400000);

    private static int Max(Vector128<int> values)
    {
        values = Vector128.Max(values, Vector128.Shuffle(values, Vector128.Create(2, 3, 0, 1)));
        return Math.Max(values[0], values[1]);
    }
}
