namespace Chaku.Kernels.Formats.Rounding;

/// <summary>Blocks of 32 weights with one scale, and one minimum where a format has it.</summary>
/// <remarks>
/// Where nothing is known of columns, these are the roundings of ggml's reference quantisers, whose files have the same
/// bytes: the farthest weight, or both extremes, get the farthest codes, and a code is what is left of a sum with one
/// half when its fraction is cut off.
/// </remarks>
internal static class Blocks32
{
    // Scales that are tried where columns are known to count differently.
    private const float WidestStep = 0.1f;
    private const int MostSteps = 19;
    private const float FirstWithMinimum = -0.9f;
    private const float StepWithMinimum = 0.05f;
    private const int StepsWithMinimum = 37;

    /// <summary>w = scale · (code − center).</summary>
    /// <param name="weights">[32].</param>
    /// <param name="importance">[32], or empty.</param>
    /// <param name="center">The code of zero; the largest is one less than twice as much.</param>
    /// <param name="codes">[32], overwritten.</param>
    /// <returns>The scale, half precision.</returns>
    public static ushort RoundSymmetric(
        ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, int center, Span<sbyte> codes)
    {
        if (!importance.IsEmpty)
        {
            CodeRange range = new(-center, center - 1, -(MostSteps / 2) * WidestStep, WidestStep, MostSteps);
            Span<float> counts = stackalloc float[weights.Length];
            WeightRounding.Count(weights, importance, WeightRounding.MeanSquare(weights), counts);
            float found = ScaleSearch.Symmetric(weights, counts, range);
            ushort stored = Fp16.FromSingle(found);
            SubBlocks.RoundPart(weights, Fp16.ToSingle(stored), 0, range, codes);
            CodeSpan.Add(center, codes);
            return stored;
        }

        float scale = WeightRounding.Farthest(weights) / -center;
        float inverse = scale == 0 ? 0 : 1 / scale;
        for (int i = 0; i < weights.Length; i++)
        {
            codes[i] = (sbyte)Math.Min((2 * center) - 1, (int)((weights[i] * inverse) + (center + 0.5f)));
        }

        return Fp16.FromSingle(scale);
    }

    /// <summary>w = scale · code + minimum.</summary>
    /// <param name="weights">[32].</param>
    /// <param name="importance">[32], or empty.</param>
    /// <param name="largest">The largest code.</param>
    /// <param name="codes">[32], overwritten.</param>
    /// <returns>Scale and minimum, half precision.</returns>
    public static (ushort Scale, ushort Minimum) RoundWithMinimum(
        ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, int largest, Span<sbyte> codes)
    {
        if (!importance.IsEmpty)
        {
            CodeRange range = new(0, largest, FirstWithMinimum, StepWithMinimum, StepsWithMinimum);
            Span<float> counts = stackalloc float[weights.Length];
            WeightRounding.Count(weights, importance, WeightRounding.MeanSquare(weights), counts);
            float found = ScaleSearch.WithMinimum(weights, counts, range, out float taken);
            (ushort stored, ushort storedMinimum) = (Fp16.FromSingle(found), Fp16.FromSingle(-taken));
            SubBlocks.RoundPart(weights, Fp16.ToSingle(stored), -Fp16.ToSingle(storedMinimum), range, codes);
            return (stored, storedMinimum);
        }

        (float least, float most) = (float.MaxValue, -float.MaxValue);
        foreach (float weight in weights)
        {
            least = weight < least ? weight : least;
            most = weight > most ? weight : most;
        }

        float scale = (most - least) / largest;
        float inverse = scale == 0 ? 0 : 1 / scale;
        for (int i = 0; i < weights.Length; i++)
        {
            codes[i] = (sbyte)Math.Min(largest, (int)(((weights[i] - least) * inverse) + 0.5f));
        }

        return (Fp16.FromSingle(scale), Fp16.FromSingle(least));
    }
}
