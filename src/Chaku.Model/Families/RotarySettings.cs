using Chaku.Kernels.Ops;
using Chaku.Model.Decoding;
using Chaku.Model.Files;

namespace Chaku.Model.Families;

/// <summary>Reads a rotary embedding with all its scalings, in either dialect.</summary>
/// <param name="settings">The settings.</param>
/// <param name="weights">Has the frequencies' divisors, in a GGUF file.</param>
/// <param name="shape">Sizes.</param>
internal sealed class RotarySettings(ModelSettings settings, WeightSource weights, ModelShape shape)
{
    /// <summary>GGUF's tensor of what every frequency is divided by.</summary>
    public const string Divisors = "rope_freqs.weight";

    /// <summary>The same for contexts up to the original one.</summary>
    public const string ShortDivisors = "rope_factors_short.weight";

    /// <summary>The same for longer contexts.</summary>
    public const string LongDivisors = "rope_factors_long.weight";

    /// <summary>
    /// Our own field of a folder whose GGUF file's divisors another program rounded otherwise than the formula does:
    /// their last digits, which other readers have no need of.
    /// </summary>
    public const string RoundedDivisors = "chaku_divisors";

    // What float32 loses in the steps of the formula, with room; the next contexts are a thousand times as far away.
    private const double MostDifference = 1e-5;

    /// <summary>Which dimensions make a pair in a GGUF file; in Hugging Face's files, halves.</summary>
    public RotaryLayout GgufLayout { get; init; } = RotaryLayout.Halves;

    /// <summary>Which dimensions make a pair in Hugging Face's files.</summary>
    public RotaryLayout HuggingFaceLayout { get; init; } = RotaryLayout.Halves;

    /// <summary>Rotated dimensions where the settings do not say.</summary>
    public int DimensionCount { get; init; } = shape.HeadSize;

    /// <summary>θ where the settings do not say.</summary>
    public float Base { get; init; } = 10000;

    /// <summary>Reads it.</summary>
    /// <exception cref="ModelFormatException">A setting cannot be, or names a scaling that is not known.</exception>
    public RotaryConfig Read()
    {
        float share = settings.Float("partial_rotary_factor", 1);
        int count = settings.Count("rope.dimension_count", (int)(DimensionCount * share), shape.HeadSize);
        if (count % 2 != 0)
        {
            throw (settings.Find("rope.dimension_count") ?? settings.Required("attention.head_count"))
                .Wrong($"an even number of rotated dimensions, not {count}");
        }

        RotaryConfig plain = new(count, settings.Float("rope.freq_base", Base))
        {
            Layout = settings.IsHuggingFace ? HuggingFaceLayout : GgufLayout,
        };
        return settings.IsHuggingFace ? ReadHuggingFace(plain) : ReadGguf(plain);
    }

    private RotaryConfig ReadGguf(RotaryConfig plain)
    {
        RotaryConfig scaled = plain with { PositionScale = GgufPositionScale() };
        int original = settings.OptionalCount("rope.scaling.original_context_length");
        float magnitude = settings.Float("rope.scaling.attn_factor", 1);
        if (weights.Has(LongDivisors))
        {
            int half = plain.DimensionCount / 2;
            scaled = scaled with
            {
                Divisors = Positive(weights.Vector(ShortDivisors, half), ShortDivisors),
                Long = new LongRotaryConfig(
                    original == 0 ? shape.Context : original,
                    Positive(weights.Vector(LongDivisors, half), LongDivisors),
                    magnitude),
            };
        }

        return weights.Has(Divisors)
            ? scaled with { Divisors = Positive(weights.Vector(Divisors, plain.DimensionCount / 2), Divisors) }
            : scaled;
    }

    private double GgufPositionScale()
    {
        // An older key for the same factor.
        float factor = settings.Float("rope.scale_linear", 1);
        string? kind = settings.Text("rope.scaling.type");
        factor = settings.Float("rope.scaling.factor", factor);
        return kind switch
        {
            null or "none" when settings.Find("rope.scaling.factor") is null => 1.0 / factor,
            "none" or "longrope" => 1,
            null or "linear" => 1.0 / factor,
            _ => throw settings.Required("rope.scaling.type").Wrong("none, linear or longrope"),
        };
    }

    private RotaryConfig ReadHuggingFace(RotaryConfig plain)
    {
        // The newest files keep all of it, the base included, under another name.
        string prefix = settings.Find("rope_parameters.rope_theta") is null ? "rope_scaling." : "rope_parameters.";
        MetadataValue? kind = settings.Find(prefix + "rope_type") ?? settings.Find(prefix + "type");
        settings.Find(prefix + "type");
        return kind?.AsString() switch
        {
            null or "default" => plain,
            "linear" => plain with { PositionScale = 1.0 / settings.RequiredFloat(prefix + "factor") },
            "llama3" => plain with { Divisors = Llama3Divisors(plain, prefix) },
            "longrope" or "su" => ReadLong(plain, prefix),
            _ => throw kind!.Wrong("default, linear, llama3 or longrope"),
        };
    }

    /// <summary>
    /// What Llama 3's scaling divides each frequency by: wavelengths beyond the original context's low-frequency bound
    /// are stretched by the factor, those within its high-frequency bound are kept, and between the two the factor is
    /// interpolated.
    /// </summary>
    /// <remarks>
    /// Source: the "llama3" entry of the transformers library's rotary functions. Every step is rounded to float32, as
    /// in <c>generate_extra_tensors</c> of llama.cpp's converter, whose files have the same bits.
    /// </remarks>
    public static float[] Llama3Divisors(RotaryConfig plain, float factor, float low, float high, float original)
    {
        float[] divisors = new float[plain.DimensionCount / 2];
        for (int pair = 0; pair < divisors.Length; pair++)
        {
            float frequency = 1 / (float)Math.Pow((float)plain.Base, 2f * pair / plain.DimensionCount);
            float wavelength = 1 / frequency * float.Tau;
            divisors[pair] = wavelength < original / high ? 1
                : wavelength > original / low ? factor
                : Interpolated(1 / wavelength * original);
        }

        return divisors;

        float Interpolated(float wavesInContext)
        {
            float smooth = (wavesInContext - low) / (high - low);
            return 1 / (((1 - smooth) / factor) + smooth);
        }
    }

    /// <summary>The factor of sines and cosines of a stretched context where the settings name none.</summary>
    public static double UsualMagnitude(int context, int original)
    {
        double stretch = (double)context / original;
        return stretch <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(stretch) / Math.Log(original)));
    }

    /// <summary>Whether divisors are the same but for what float32 loses in the steps of a formula.</summary>
    public static bool AreNear(IReadOnlyList<float> divisors, IReadOnlyList<float> others) =>
        LargestDifference(divisors, others) <= MostDifference;

    /// <summary>The largest relative difference of divisors; infinity where they are not as many.</summary>
    public static double LargestDifference(IReadOnlyList<float> divisors, IReadOnlyList<float> others) =>
        divisors.Count == others.Count
            ? divisors.Zip(others, (one, other) => Math.Abs(((double)one / other) - 1)).Max()
            : double.PositiveInfinity;

    private float[] Llama3Divisors(RotaryConfig plain, string prefix)
    {
        float[] divisors = Llama3Divisors(
            plain,
            settings.RequiredFloat(prefix + "factor"),
            settings.RequiredFloat(prefix + "low_freq_factor"),
            settings.RequiredFloat(prefix + "high_freq_factor"),
            settings.RequiredFloat(prefix + "original_max_position_embeddings"));
        float[]? rounded = settings.Floats(prefix + RoundedDivisors);
        return rounded is null ? divisors
            : AreNear(rounded, divisors) ? rounded
            : throw settings.Required(prefix + RoundedDivisors)
                .Wrong("the divisors that follow from the numbers beside them, but for their last digits");
    }

    private RotaryConfig ReadLong(RotaryConfig plain, string prefix)
    {
        int half = plain.DimensionCount / 2;
        int original = settings.OptionalCount("original_max_position_embeddings");
        if (original == 0)
        {
            original = settings.OptionalCount(prefix + "original_max_position_embeddings");
        }

        original = original == 0 ? shape.Context : original;
        double magnitude = UsualMagnitude(shape.Context, original);
        return plain with
        {
            Divisors = Factors("short_factor"),
            Long = new LongRotaryConfig(
                original,
                Factors("long_factor"),
                settings.Float(prefix + "attention_factor", (float)magnitude)),
        };

        float[] Factors(string key)
        {
            float[] factors = settings.Floats(prefix + key) ?? throw settings.Required(prefix + "type")
                .Wrong($"a scaling with {key}");
            return factors.Length == half
                ? Positive(factors, key)
                : throw settings.Required(prefix + key).Wrong($"{half} numbers");
        }
    }

    private float[] Positive(float[] divisors, string name) =>
        divisors.All(divisor => float.IsFinite(divisor) && divisor > 0)
            ? divisors
            : throw settings.Required("attention.head_count").Wrong($"a model whose {name} are positive numbers");
}
