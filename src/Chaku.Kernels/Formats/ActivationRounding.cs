using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats;

/// <summary>Rounding of activations to codes in [−127, 127]; the same bits at every instruction-set level.</summary>
internal static class ActivationRounding
{
    private const float Largest = 127;

    /// <summary>code = round-to-even(x · (127 / max|x|)); all codes are 0 where no scale exists.</summary>
    /// <param name="x">float32; a multiple of 8 values.</param>
    /// <param name="codes">As many codes.</param>
    /// <returns>max|x| / 127; NaN where a value is not finite.</returns>
    public static float Round(ReadOnlySpan<float> x, Span<sbyte> codes)
    {
        ReadOnlySpan<Vector256<float>> vectors = MemoryMarshal.Cast<float, Vector256<float>>(x);
        Vector256<float> magnitudes = Vector256<float>.Zero;
        foreach (Vector256<float> vector in vectors)
        {
            magnitudes = Vector256.Max(magnitudes, Vector256.Abs(vector));
        }

        float largest = 0;
        for (int lane = 0; lane < Vector256<float>.Count; lane++)
        {
            largest = MathF.Max(largest, magnitudes[lane]);
        }

        if (!float.IsFinite(largest) || largest == 0)
        {
            codes.Clear();
            return largest == 0 ? 0 : float.NaN;
        }

        // Below 2^-120 the reciprocal would overflow; such a block is zero beside anything it is added to.
        float reciprocal = Largest / largest;
        if (!float.IsFinite(reciprocal))
        {
            codes.Clear();
            return 0;
        }

        Span<Vector64<sbyte>> packed = MemoryMarshal.Cast<sbyte, Vector64<sbyte>>(codes);
        for (int i = 0; i < vectors.Length; i++)
        {
            // Adding and taking away 1.5·2^23 rounds to even, and leaves the code in the low bits of the sum.
            Vector256<float> shifted = (vectors[i] * reciprocal) + Vector256.Create(12582912f);
            Vector256<int> code = shifted.AsInt32() - Vector256.Create(0x4B400000);
            Vector128<short> narrow = Vector128.Narrow(code.GetLower(), code.GetUpper());
            packed[i] = Vector128.Narrow(narrow, narrow).GetLower();
        }

        Debug.Assert(!codes.Contains(sbyte.MinValue), "activation codes lie in [-127, 127]");
        return largest / Largest;
    }

    /// <summary>Σ codes.</summary>
    public static int Sum(ReadOnlySpan<sbyte> codes)
    {
        int sum = 0;
        foreach (sbyte code in codes)
        {
            sum += code;
        }

        return sum;
    }
}
