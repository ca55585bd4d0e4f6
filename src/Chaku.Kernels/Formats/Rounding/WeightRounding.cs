using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats.Rounding;

/// <summary>
/// Weights to codes and back, eight at a time: what every search for a scale is made of. Nothing is fused, so that the
/// same weights give the same file on every processor.
/// </summary>
internal static class WeightRounding
{
    /// <summary>Weights of a sub-block as vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ReadOnlySpan<Vector256<float>> Vectors(ReadOnlySpan<float> weights) =>
        MemoryMarshal.Cast<float, Vector256<float>>(weights);

    /// <summary>round((x + shift) · inverse), ties to even, kept in [least, largest].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Codes(
        Vector256<float> x, Vector256<float> shift, Vector256<float> inverse, float least, float largest) =>
        Vector256.Min(
            Vector256.Max(Vector256.Round((x + shift) * inverse), Vector256.Create(least)), Vector256.Create(largest));

    /// <summary>The lanes added up in pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> lanes)
    {
        Vector128<float> four = lanes.GetLower() + lanes.GetUpper();
        four += Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1));
        return four[0] + four[1];
    }

    /// <summary>The weight that is farthest from zero, with its sign; the first of several.</summary>
    public static float Farthest(ReadOnlySpan<float> weights)
    {
        float farthest = 0;
        foreach (float weight in weights)
        {
            if (MathF.Abs(weight) > MathF.Abs(farthest))
            {
                farthest = weight;
            }
        }

        return farthest;
    }

    /// <summary>
    /// How much an error counts at each weight: by its column's importance and its own size, or, where nothing is known
    /// of columns, everywhere the same.
    /// </summary>
    /// <param name="weights">A sub-block.</param>
    /// <param name="importance">Mean squares of the activations at its columns; empty where nothing is known.</param>
    /// <param name="meanSquare">Of the whole block's weights.</param>
    /// <param name="counts">As many as weights, overwritten.</param>
    public static void Count(
        ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, float meanSquare, Span<float> counts)
    {
        if (importance.IsEmpty)
        {
            counts.Fill(1);
            return;
        }

        for (int i = 0; i < weights.Length; i++)
        {
            counts[i] = importance[i] * MathF.Sqrt((2 * meanSquare) + (weights[i] * weights[i]));
        }
    }

    /// <summary>Σ w² / n.</summary>
    public static float MeanSquare(ReadOnlySpan<float> weights)
    {
        Vector256<float> sum = default;
        foreach (Vector256<float> eight in Vectors(weights))
        {
            sum += eight * eight;
        }

        return Sum(sum) / weights.Length;
    }
}
