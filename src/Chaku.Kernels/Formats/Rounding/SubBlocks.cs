using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats.Rounding;

/// <summary>
/// Blocks of 256 weights in sub-blocks, whose scales, and minima where a format has them, are codes themselves.
/// </summary>
internal static class SubBlocks
{
    /// <summary>w = scale · scale_j · code − minimumScale · minimum_j.</summary>
    /// <param name="weights">[256].</param>
    /// <param name="importance">[256], or empty.</param>
    /// <param name="range">Codes and scales.</param>
    /// <param name="largestScale">The largest scale_j and minimum_j.</param>
    /// <param name="scaleCodes">scale_j; as many as there are sub-blocks.</param>
    /// <param name="minimumCodes">minimum_j.</param>
    /// <param name="codes">[256].</param>
    /// <returns>scale and minimumScale, half precision.</returns>
    public static (ushort Scale, ushort MinimumScale) RoundWithMinima(
        ReadOnlySpan<float> weights,
        ReadOnlySpan<float> importance,
        CodeRange range,
        int largestScale,
        Span<byte> scaleCodes,
        Span<byte> minimumCodes,
        Span<sbyte> codes)
    {
        int length = weights.Length / scaleCodes.Length;
        float meanSquare = WeightRounding.MeanSquare(weights);
        Span<float> scales = stackalloc float[scaleCodes.Length];
        Span<float> minima = stackalloc float[scaleCodes.Length];
        Span<float> counts = stackalloc float[weights.Length];
        WeightRounding.Count(weights, importance, meanSquare, counts);
        for (int j = 0; j < scales.Length; j++)
        {
            scales[j] = ScaleSearch.WithMinimum(
                weights.Slice(j * length, length), counts.Slice(j * length, length), range, out minima[j]);
        }

        ushort scale = RoundScales(scales, 0, largestScale, scaleCodes);
        ushort minimumScale = RoundScales(minima, 0, largestScale, minimumCodes);
        RoundParts(weights, scale, minimumScale, scaleCodes, minimumCodes, range, codes);

        // Both scales once more, for the codes that came of it, and the codes for them.
        (scale, minimumScale) = Refit(weights, counts, (scale, minimumScale), scaleCodes, minimumCodes, codes);
        RoundParts(weights, scale, minimumScale, scaleCodes, minimumCodes, range, codes);
        return (scale, minimumScale);
    }

    private static void RoundParts(
        ReadOnlySpan<float> weights,
        ushort scale,
        ushort minimumScale,
        ReadOnlySpan<byte> scaleCodes,
        ReadOnlySpan<byte> minimumCodes,
        CodeRange range,
        Span<sbyte> codes)
    {
        int length = weights.Length / scaleCodes.Length;
        for (int j = 0; j < scaleCodes.Length; j++)
        {
            RoundPart(
                weights.Slice(j * length, length),
                Fp16.ToSingle(scale) * scaleCodes[j],
                Fp16.ToSingle(minimumScale) * minimumCodes[j],
                range,
                codes.Slice(j * length, length));
        }
    }

    // Least squares of w = scale · (scale_j · code) − minimumScale · minimum_j over the whole block, an error at weight
    // i counting counts[i] times.
    private static (ushort Scale, ushort MinimumScale) Refit(
        ReadOnlySpan<float> weights,
        ReadOnlySpan<float> counts,
        (ushort Scale, ushort MinimumScale) before,
        ReadOnlySpan<byte> scaleCodes,
        ReadOnlySpan<byte> minimumCodes,
        ReadOnlySpan<sbyte> codes)
    {
        int length = weights.Length / scaleCodes.Length;
        float aa = 0, ab = 0, bb = 0, aw = 0, bw = 0;
        for (int j = 0; j < scaleCodes.Length; j++)
        {
            float squares = 0, sum = 0, count = 0, product = 0, total = 0;
            for (int i = j * length; i < (j + 1) * length; i++)
            {
                float counted = counts[i] * codes[i];
                squares += counted * codes[i];
                sum += counted;
                count += counts[i];
                product += counted * weights[i];
                total += counts[i] * weights[i];
            }

            float a = scaleCodes[j], b = -minimumCodes[j];
            aa += a * a * squares;
            ab += a * b * sum;
            bb += b * b * count;
            aw += a * product;
            bw += b * total;
        }

        float determinant = (aa * bb) - (ab * ab);
        float scale = ((bb * aw) - (ab * bw)) / determinant;
        float minimum = ((aa * bw) - (ab * aw)) / determinant;
        return IsNear(scale, before.Scale) && IsNear(minimum, before.MinimumScale)
            ? (Fp16.FromSingle(scale), Fp16.FromSingle(minimum))
            : before;
    }

    // What remains of rounding, where codes determine nothing, lies far away.
    private static bool IsNear(float value, ushort before) =>
        value / Fp16.ToSingle(before) is > 0.5f and < 2;

    /// <summary>w = scale · scale_j · code.</summary>
    /// <param name="weights">[256].</param>
    /// <param name="importance">[256], or empty.</param>
    /// <param name="range">Codes and scales.</param>
    /// <param name="leastScale">The least scale_j; the largest is one less without its sign.</param>
    /// <param name="scaleCodes">scale_j; as many as there are sub-blocks.</param>
    /// <param name="codes">[256].</param>
    /// <returns>scale, half precision.</returns>
    public static ushort RoundSymmetric(
        ReadOnlySpan<float> weights,
        ReadOnlySpan<float> importance,
        CodeRange range,
        int leastScale,
        Span<sbyte> scaleCodes,
        Span<sbyte> codes)
    {
        int length = weights.Length / scaleCodes.Length;
        float meanSquare = WeightRounding.MeanSquare(weights);
        Span<float> scales = stackalloc float[scaleCodes.Length];
        Span<float> counts = stackalloc float[length];
        for (int j = 0; j < scales.Length; j++)
        {
            ReadOnlySpan<float> part = weights.Slice(j * length, length);
            WeightRounding.Count(part, Part(importance, j, length), meanSquare, counts);
            scales[j] = ScaleSearch.Symmetric(part, counts, range);
        }

        Span<byte> bytes = MemoryMarshal.AsBytes(scaleCodes);
        ushort scale = RoundScales(scales, leastScale, -leastScale - 1, bytes);
        for (int j = 0; j < scales.Length; j++)
        {
            RoundPart(
                weights.Slice(j * length, length),
                Fp16.ToSingle(scale) * scaleCodes[j],
                0,
                range,
                codes.Slice(j * length, length));
        }

        return scale;
    }

    /// <summary>Codes of weights at a scale and a minimum that are decided: the nearest.</summary>
    public static void RoundPart(
        ReadOnlySpan<float> weights, float scale, float minimum, CodeRange range, Span<sbyte> codes)
    {
        codes.Clear();
        float inverse = 1 / scale;
        if (scale == 0 || !float.IsFinite(inverse))
        {
            return;
        }

        ReadOnlySpan<Vector256<float>> x = WeightRounding.Vectors(weights);
        for (int i = 0; i < x.Length; i++)
        {
            Vector256<int> rounded = Vector256.ConvertToInt32(WeightRounding.Codes(
                x[i], Vector256.Create(minimum), Vector256.Create(inverse), range.Least, range.Largest));
            for (int lane = 0; lane < Vector256<int>.Count; lane++)
            {
                codes[(i * Vector256<int>.Count) + lane] = (sbyte)rounded[lane];
            }
        }
    }

    // The farthest scale gets the farthest code; without signs that is the largest, with signs the least.
    private static ushort RoundScales(ReadOnlySpan<float> scales, int least, int largest, Span<byte> codes)
    {
        float farthest = WeightRounding.Farthest(scales);
        int code = least < 0 ? least : largest;
        ushort scale = Fp16.FromSingle(farthest / code);
        float inverse = code / farthest;
        codes.Clear();
        if (farthest == 0 || Fp16.ToSingle(scale) == 0 || !float.IsFinite(inverse))
        {
            return 0;
        }

        for (int j = 0; j < scales.Length; j++)
        {
            codes[j] = unchecked((byte)Math.Clamp((int)MathF.Round(scales[j] * inverse), least, largest));
        }

        return scale;
    }

    private static ReadOnlySpan<float> Part(ReadOnlySpan<float> importance, int index, int length) =>
        importance.IsEmpty ? importance : importance.Slice(index * length, length);
}
