using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats.Rounding;

/// <summary>
/// The scale, or the scale and the minimum, that lose least of a sub-block: for each of some scales the weights are
/// rounded to codes, the best scale for just these codes follows by least squares, and the best of all is taken.
/// </summary>
/// <remarks>The idea is that of ggml's quantisers of k-quants; an error at weight i counts counts[i] times.</remarks>
internal static class ScaleSearch
{
    // Below it, weights are zero beside everything that they are added to.
    private const float Smallest = 1e-15f;

    /// <summary>w ≈ scale · code − minimum, code in [0, largest], minimum at least 0.</summary>
    /// <param name="weights">A sub-block; a multiple of 8.</param>
    /// <param name="counts">As many.</param>
    /// <param name="range">Codes and scales.</param>
    /// <param name="minimum">What is taken away.</param>
    /// <returns>The scale, at least 0.</returns>
    public static float WithMinimum(
        ReadOnlySpan<float> weights, ReadOnlySpan<float> counts, CodeRange range, out float minimum)
    {
        (float least, float most) = Extremes(weights);
        least = Math.Min(least, 0);
        minimum = -least;
        if (most - least < Smallest)
        {
            return 0;
        }

        ReadOnlySpan<Vector256<float>> x = WeightRounding.Vectors(weights);
        ReadOnlySpan<Vector256<float>> w = WeightRounding.Vectors(counts);
        WeightedSums sums = WeightedSums.Of(x, w);
        float scale = (most - least) / range.Largest;
        float best = CodeSums.Of(x, w, -least, 1 / scale, range).Error(sums, scale, least);
        for (int i = 0; i < range.Count; i++)
        {
            float inverse = (range.Largest + range.First + (i * range.Step)) / (most - least);
            CodeSums codes = CodeSums.Of(x, w, -least, inverse, range);
            (float triedScale, float triedMinimum) = codes.Fit(sums);
            float error = codes.Error(sums, triedScale, triedMinimum);

            // Codes that are all the same determine no scale; what remains of rounding would.
            if (triedScale * inverse is > 0.5f and < 2 && error < best)
            {
                (best, scale, minimum) = (error, triedScale, -triedMinimum);
            }
        }

        return scale;
    }

    /// <summary>w ≈ scale · code, code in [least, largest].</summary>
    /// <param name="weights">A sub-block; a multiple of 8.</param>
    /// <param name="counts">As many.</param>
    /// <param name="range">Codes and scales.</param>
    /// <returns>The scale, of either sign: the least code reaches one further than the largest.</returns>
    public static float Symmetric(ReadOnlySpan<float> weights, ReadOnlySpan<float> counts, CodeRange range)
    {
        float farthest = WeightRounding.Farthest(weights);
        if (MathF.Abs(farthest) < Smallest)
        {
            return 0;
        }

        ReadOnlySpan<Vector256<float>> x = WeightRounding.Vectors(weights);
        ReadOnlySpan<Vector256<float>> w = WeightRounding.Vectors(counts);
        float best = 0;
        float scale = 0;
        for (int i = 0; i < range.Count; i++)
        {
            float inverse = (range.Least - range.First - (i * range.Step)) / farthest;
            CodeSums codes = CodeSums.Of(x, w, 0, inverse, range);

            // What of Σ w x² is explained.
            float explained = codes.Square > 0 ? codes.Product * codes.Product / codes.Square : 0;
            if (explained > best)
            {
                (best, scale) = (explained, codes.Product / codes.Square);
            }
        }

        return scale;
    }

    private static (float Least, float Most) Extremes(ReadOnlySpan<float> weights)
    {
        (float least, float most) = (weights[0], weights[0]);
        foreach (float weight in weights)
        {
            least = Math.Min(least, weight);
            most = Math.Max(most, weight);
        }

        return (least, most);
    }

    /// <summary>Σ w, Σ w x and Σ w x².</summary>
    private readonly record struct WeightedSums(float Count, float Sum, float Square)
    {
        public static WeightedSums Of(ReadOnlySpan<Vector256<float>> x, ReadOnlySpan<Vector256<float>> w)
        {
            Vector256<float> count = default, sum = default, square = default;
            for (int i = 0; i < x.Length; i++)
            {
                Vector256<float> product = w[i] * x[i];
                count += w[i];
                sum += product;
                square += product * x[i];
            }

            return new(WeightRounding.Sum(count), WeightRounding.Sum(sum), WeightRounding.Sum(square));
        }
    }

    /// <summary>Σ w code, Σ w code² and Σ w code x, for the codes of one scale.</summary>
    private readonly record struct CodeSums(float Sum, float Square, float Product)
    {
        public static CodeSums Of(
            ReadOnlySpan<Vector256<float>> x,
            ReadOnlySpan<Vector256<float>> w,
            float shift,
            float inverse,
            CodeRange range)
        {
            Vector256<float> shifts = Vector256.Create(shift), inverses = Vector256.Create(inverse);
            Vector256<float> sum = default, square = default, product = default;
            for (int i = 0; i < x.Length; i++)
            {
                Vector256<float> codes = WeightRounding.Codes(x[i], shifts, inverses, range.Least, range.Largest);
                Vector256<float> weighted = w[i] * codes;
                sum += weighted;
                square += weighted * codes;
                product += weighted * x[i];
            }

            return new(WeightRounding.Sum(sum), WeightRounding.Sum(square), WeightRounding.Sum(product));
        }

        // Scale and minimum of least squares; where the minimum would be above zero it is zero.
        public (float Scale, float Minimum) Fit(WeightedSums sums)
        {
            float determinant = (sums.Count * Square) - (Sum * Sum);
            if (determinant <= 0)
            {
                return (0, 0);
            }

            float scale = ((sums.Count * Product) - (sums.Sum * Sum)) / determinant;
            float minimum = ((Square * sums.Sum) - (Sum * Product)) / determinant;
            return minimum > 0 ? (Product / Square, 0) : (scale, minimum);
        }

        // Σ w (scale · code + minimum − x)², multiplied out.
        public float Error(WeightedSums sums, float scale, float minimum) =>
            sums.Square + (scale * scale * Square) + (minimum * minimum * sums.Count)
            + (2 * ((scale * minimum * Sum) - (scale * Product) - (minimum * sums.Sum)));
    }
}
