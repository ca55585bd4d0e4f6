using Chaku.Model.Decoding;

namespace Chaku.Model.Families;

/// <summary>Writes a rotary embedding with all its scalings: the counterpart of <see cref="RotarySettings"/>.</summary>
internal static class RotaryWriter
{
    // The bands of every published model with this scaling: Llama 3.1, 3.2 and 3.3.
    private const float LowFactor = 1;
    private const float HighFactor = 4;
    private const int LeastOriginal = 16;
    private const int MostOriginal = 1 << 24;

    /// <summary>Writes the settings.</summary>
    /// <param name="settings">Gets them.</param>
    /// <param name="rotary">The embedding.</param>
    /// <param name="config">The computation that it belongs to.</param>
    /// <exception cref="InvalidDataException">The file has no words for the scaling of frequencies.</exception>
    public static void Write(SettingsWriter settings, RotaryConfig rotary, DecoderConfig config)
    {
        settings.Number("rope.freq_base", (float)rotary.Base);
        settings.Count("rope.dimension_count", rotary.DimensionCount);
        if (settings.IsHuggingFace)
        {
            WriteHuggingFace(settings, rotary, config);
            return;
        }

        if (rotary.PositionScale != 1)
        {
            settings.Text("rope.scaling.type", "linear");
            settings.Number("rope.scaling.factor", (float)(1 / rotary.PositionScale));
        }

        if (rotary.Long is { } stretched)
        {
            settings.Count("rope.scaling.original_context_length", stretched.OriginalContextLength);
            settings.Number("rope.scaling.attn_factor", stretched.Magnitude);
        }
    }

    /// <summary>The tensors that a GGUF file has for it.</summary>
    public static IReadOnlyList<(string Name, IReadOnlyList<float> Divisors)> Tensors(RotaryConfig rotary) =>
        rotary switch
        {
            { Long: { } stretched } =>
                [(RotarySettings.LongDivisors, stretched.Divisors), (RotarySettings.ShortDivisors, rotary.Divisors)],
            { Divisors.Count: > 0 } => [(RotarySettings.Divisors, rotary.Divisors)],
            _ => [],
        };

    private static void WriteHuggingFace(SettingsWriter settings, RotaryConfig rotary, DecoderConfig config)
    {
        int headSize = config.Attention.HeadSize;
        bool isNamed = settings.IsNamed("partial_rotary_factor");
        if (isNamed || (rotary.DimensionCount != headSize && !settings.IsNamed("rope.dimension_count")))
        {
            settings.Number("partial_rotary_factor", Share(rotary.DimensionCount, headSize));
        }

        if (rotary.Long is { } stretched)
        {
            WriteLong(settings, rotary, stretched, config.ContextLength);
        }
        else if (rotary.Divisors.Count > 0)
        {
            WriteLlama3(settings, rotary);
        }
        else if (rotary.PositionScale != 1)
        {
            Kind(settings, "linear");
            settings.Number("rope_scaling.factor", (float)(1 / rotary.PositionScale));
        }
    }

    // The reader multiplies and cuts: the share is the next number up where it would fall short.
    private static float Share(int count, int headSize)
    {
        float share = (float)count / headSize;
        return (int)(headSize * share) == count ? share : MathF.BitIncrement(share);
    }

    private static void Kind(SettingsWriter settings, string kind)
    {
        settings.Text("rope_scaling.rope_type", kind);
        settings.Text("rope_scaling.type", kind);
    }

    // Older readers take these three fields and no more, so that a usual magnitude goes without saying.
    private static void WriteLong(
        SettingsWriter settings, RotaryConfig rotary, LongRotaryConfig stretched, int context)
    {
        settings.Text("rope_scaling.type", "longrope");
        settings.Numbers("rope_scaling.short_factor", rotary.Divisors);
        settings.Numbers("rope_scaling.long_factor", stretched.Divisors);
        settings.Count("original_max_position_embeddings", stretched.OriginalContextLength);
        if ((float)RotarySettings.UsualMagnitude(context, stretched.OriginalContextLength) != stretched.Magnitude)
        {
            settings.Number("rope_scaling.attention_factor", stretched.Magnitude);
        }
    }

    private static void WriteLlama3(SettingsWriter settings, RotaryConfig rotary)
    {
        Llama3Scaling scaling = FindLlama3(rotary);
        Kind(settings, "llama3");
        settings.Number("rope_scaling.factor", scaling.Factor);
        settings.Number("rope_scaling.low_freq_factor", LowFactor);
        settings.Number("rope_scaling.high_freq_factor", HighFactor);
        settings.Count("rope_scaling.original_max_position_embeddings", scaling.Original);
        if (!scaling.Divisors.SequenceEqual(rotary.Divisors))
        {
            settings.Numbers("rope_scaling." + RotarySettings.RoundedDivisors, rotary.Divisors);
        }
    }

    // GGUF has the divisors, config.json the four numbers that they come from: the factor is the largest of them, and
    // the original context, a power of two, the one whose divisors are nearest.
    private static Llama3Scaling FindLlama3(RotaryConfig rotary)
    {
        RotaryConfig plain = rotary with { Divisors = [] };
        float factor = rotary.Divisors.Max();
        Llama3Scaling nearest = Enumerable.Range(0, int.Log2(MostOriginal / LeastOriginal) + 1)
            .Select(power => LeastOriginal << power)
            .Select(original => new Llama3Scaling(
                factor, original, RotarySettings.Llama3Divisors(plain, factor, LowFactor, HighFactor, original)))
            .MinBy(scaling => RotarySettings.LargestDifference(scaling.Divisors, rotary.Divisors))!;
        return RotarySettings.AreNear(nearest.Divisors, rotary.Divisors)
            ? nearest
            : throw new InvalidDataException(
                $"config.json has no words for the frequencies in {RotarySettings.Divisors}: they are not those of "
                + $"Llama 3's scaling by {factor:R} with bands at {LowFactor} and {HighFactor}, for any original "
                + "context");
    }

    private sealed record Llama3Scaling(float Factor, int Original, float[] Divisors);
}
