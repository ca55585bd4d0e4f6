namespace Chaku.Model.Adapters;

/// <summary>
/// One α for all factors of an adapter, each of whose scales then is α / r, as GGUF has it. What a scale is beside that
/// (rsLoRA, an α or a rank of its own) becomes a factor of B: exact where it is a power of two, else rounded to
/// float32.
/// </summary>
internal sealed class UniformAlpha
{
    private readonly Dictionary<string, double> _factors = new(StringComparer.Ordinal);

    /// <summary>Finds it; the factors themselves stay as they are.</summary>
    /// <param name="adapter">The adapter.</param>
    /// <exception cref="AdapterException">It leaves the range of float32.</exception>
    public UniformAlpha(LoraAdapter adapter)
    {
        LoraSettings settings = adapter.Settings;
        Alpha = settings.IsRankStabilised ? settings.Scale * settings.Rank : settings.Alpha;
        if (!float.IsFinite(Alpha) || Alpha == 0)
        {
            throw new AdapterException(
                $"rsLoRA's scale cannot be kept: {settings.Alpha} · √{settings.Rank} is no alpha in float32");
        }

        foreach ((string name, LoraFactors factors) in adapter.Factors)
        {
            _factors.Add(name, FactorOf(factors));
        }

        Notices = [.. Describe(settings)];
    }

    /// <summary>α.</summary>
    public float Alpha { get; }

    /// <summary>What the user should know of it, a line each.</summary>
    public IReadOnlyList<string> Notices { get; }

    /// <summary>Bᵀ [r, out] with what the scale is beside α / r.</summary>
    /// <param name="name">The matrix.</param>
    /// <param name="factors">Its factors.</param>
    /// <exception cref="AdapterException">A value leaves the range of float32.</exception>
    public float[] TransposedB(string name, LoraFactors factors)
    {
        float[] values = factors.TransposedBValues.ToArray();
        double factor = _factors[name];
        if (factor == 1)
        {
            return values;
        }

        for (int i = 0; i < values.Length; i++)
        {
            float folded = (float)(values[i] * factor);
            if (!float.IsFinite(folded) || (folded == 0 && values[i] != 0))
            {
                throw new AdapterException(
                    $"the scale of '{name}' cannot be kept: {values[i]} in B times {factor} is no number of float32");
            }

            values[i] = folded;
        }

        return values;
    }

    private static bool IsPowerOfTwo(double factor) =>
        Math.ScaleB(1, Math.ILogB(factor)) == Math.Abs(factor);

    private double FactorOf(LoraFactors factors)
    {
        float scale = (float)((double)Alpha / factors.Rank);
        if (scale == factors.Scale)
        {
            return 1;
        }

        // Scales were rounded: the power of two that they are apart is found where it gives the very scale again.
        double exact = factors.Scale * (double)factors.Rank / Alpha;
        double power = Math.CopySign(Math.ScaleB(1, Math.ILogB(exact)), exact);
        foreach (double candidate in (double[])[power, 2 * power])
        {
            if ((float)(scale * candidate) == factors.Scale)
            {
                return candidate;
            }
        }

        return exact;
    }

    private IEnumerable<string> Describe(LoraSettings settings)
    {
        if (settings.IsRankStabilised)
        {
            yield return FormattableString.Invariant(
                $"rsLoRA's scale, {settings.Alpha} / √{settings.Rank}, is written as {Alpha} / {settings.Rank}");
        }

        int folded = _factors.Values.Count(factor => factor != 1);
        int exact = _factors.Values.Count(factor => factor != 1 && IsPowerOfTwo(factor));
        if (folded > 0)
        {
            string rest = folded == exact ? "exactly" : $"exactly in {exact}, rounded to float32 in {folded - exact}";
            yield return
                $"{folded} of {_factors.Count} matrices have a scale of their own, for which the format has no place: "
                + $"B was multiplied with it, {rest}";
        }
    }
}
