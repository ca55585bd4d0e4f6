namespace Chaku.Model.Adapters;

/// <summary>How large an adapter is and how strongly it acts.</summary>
/// <param name="Rank">r.</param>
/// <param name="Alpha">α.</param>
/// <param name="IsRankStabilised">Whether the scale is α / √r (rsLoRA, arXiv:2312.03732) instead of α / r.</param>
/// <param name="IsWeightDecomposed">Whether rows have magnitudes of their own (DoRA, arXiv:2402.09353).</param>
internal sealed record LoraSettings(
    int Rank, float Alpha, bool IsRankStabilised = false, bool IsWeightDecomposed = false)
{
    private const int MostRank = 1 << 16;

    /// <summary>What B · A · x is multiplied with.</summary>
    public float Scale => (float)(Alpha / (IsRankStabilised ? Math.Sqrt(Rank) : Rank));

    /// <summary>These settings, once they are known to make an adapter.</summary>
    /// <exception cref="AdapterException">The rank is out of range, or alpha is 0 or no number.</exception>
    public LoraSettings Checked()
    {
        if (Rank is < 1 or > MostRank)
        {
            throw new AdapterException($"the rank of an adapter is 1 to {MostRank}, not {Rank}");
        }

        return float.IsFinite(Alpha) && Alpha != 0
            ? this
            : throw new AdapterException($"the alpha of an adapter is a number other than 0, not {Alpha}");
    }
}
