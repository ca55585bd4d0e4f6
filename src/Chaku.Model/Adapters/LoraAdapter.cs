using Chaku.Kernels.Ops;

namespace Chaku.Model.Adapters;

/// <summary>A LoRA adapter: factors by the name of the matrix that they change.</summary>
/// <param name="factors">By GGUF tensor name, with the rows of B in the GGUF file's order.</param>
/// <param name="settings">Rank and alpha of all factors that have none of their own.</param>
/// <param name="origin">Where it comes from; null where nothing is known.</param>
internal sealed class LoraAdapter(
    IReadOnlyDictionary<string, LoraFactors> factors, LoraSettings settings, AdapterOrigin? origin = null)
{
    /// <summary>Factors by GGUF tensor name.</summary>
    public IReadOnlyDictionary<string, LoraFactors> Factors => factors;

    /// <summary>Rank and alpha of all factors that have none of their own.</summary>
    public LoraSettings Settings => settings;

    /// <summary>Where it comes from.</summary>
    public AdapterOrigin Origin { get; } = origin ?? new AdapterOrigin();

    /// <summary>
    /// A new adapter, which changes nothing yet: B is zero, A uniform in ±1 / √in, and magnitudes are those of W.
    /// </summary>
    /// <param name="linears">The base's linear layers.</param>
    /// <param name="targets">As for <see cref="AdaptableLinears.Select"/>.</param>
    /// <param name="settings">Rank and alpha.</param>
    /// <param name="seed">Fixes A: a number of it depends on seed, layer and place alone.</param>
    /// <param name="origin">Where it comes from.</param>
    /// <exception cref="AdapterException">A setting cannot be, or a target names nothing.</exception>
    /// <remarks>
    /// A is what a linear layer of PyTorch begins with: Kaiming's uniform distribution for a slope of √5.
    /// </remarks>
    public static LoraAdapter Create(
        AdaptableLinears linears,
        IReadOnlyList<string> targets,
        LoraSettings settings,
        ulong seed,
        AdapterOrigin? origin = null)
    {
        float scale = settings.Checked().Scale;
        Dictionary<string, LoraFactors> factors = new(StringComparer.Ordinal);
        foreach (AdaptableLinear target in linears.Select(targets))
        {
            LoraFactors pair = new(
                settings.Rank, target.Linear.InputSize, target.Linear.OutputSize, scale, settings.IsWeightDecomposed);
            if (pair.Magnitude is { } magnitude)
            {
                linears.RowNorms(target).CopyTo(magnitude, 0);
            }

            double bound = 1 / Math.Sqrt(pair.InputSize);
            Span<float> a = pair.AValues;
            for (int i = 0; i < a.Length; i++)
            {
                double draw = CounterRandom.Uniform(seed, (ulong)target.Linear.Number, (ulong)i);
                a[i] = (float)(bound * ((2 * draw) - 1));
            }

            factors.Add(target.Linear.Name, pair);
        }

        return new LoraAdapter(factors, settings, origin);
    }
}
