using System.Globalization;
using System.Text.Json.Serialization;

namespace Chaku.SideBySide.Measuring;

/// <summary>What a measurement was made on.</summary>
/// <param name="Shape">The model's shape.</param>
/// <param name="Format">How its weights are stored.</param>
/// <param name="ThreadCount">Threads of every contestant.</param>
internal sealed record Setup(string Shape, string Format, int ThreadCount)
{
    /// <summary>The value on the axis of a measurement of growth; null elsewhere.</summary>
    public string? At { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Shape} {Format}, {ThreadCount} threads{(At is null ? "" : $", at {At}")}");
}

/// <summary>A contestant's figures, a round each.</summary>
/// <param name="Label">The contestant.</param>
/// <param name="Samples">In the order of the rounds.</param>
internal sealed record Figures(string Label, double[] Samples)
{
    /// <summary>The middle of them; of an even number the mean of the two in the middle.</summary>
    [JsonIgnore]
    public double Median
    {
        get
        {
            double[] sorted = [.. Samples.Order()];
            int middle = sorted.Length / 2;
            return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        }
    }
}

/// <summary>What came of a measurement.</summary>
/// <param name="Measurement">Its name.</param>
/// <param name="Title">What it is, for people.</param>
/// <param name="Unit">Of the figures.</param>
/// <param name="Setup">What it was made on.</param>
/// <param name="Figures">Of each contestant.</param>
internal sealed record Result(
    string Measurement, string Title, string Unit, Setup Setup, IReadOnlyList<Figures> Figures)
{
    /// <summary>The label that the ratio is over; null where there is none.</summary>
    public string? Over { get; init; }

    /// <summary>When, where and of what it was measured.</summary>
    public Circumstances? Circumstances { get; init; }

    /// <summary>
    /// The median over the rounds of the last contestant's figure by that of <see cref="Over"/>: what slows the machine
    /// down for a while slows both. Null where that did not take part.
    /// </summary>
    [JsonIgnore]
    public double? Ratio => Ratios?.Median;

    /// <summary>The least and the greatest ratio of a round.</summary>
    [JsonIgnore]
    public (double Least, double Most)? RatioRange =>
        Ratios is { } ratios ? (ratios.Samples.Min(), ratios.Samples.Max()) : null;

    private Figures? Ratios => Of(Over) is { } over
        ? new Figures("ratio", [.. Figures[^1].Samples.Zip(over.Samples, (mine, other) => mine / other)])
        : null;

    /// <summary>
    /// Whether another result is of the same measurement on the same setup, and takes this one's place.
    /// </summary>
    public bool IsReplacedBy(Result other) => Measurement == other.Measurement && Setup == other.Setup;

    /// <inheritdoc/>
    public override string ToString()
    {
        IEnumerable<string> parts = Figures.Select(
            figures => string.Create(CultureInfo.InvariantCulture, $"{figures.Label} {figures.Median:G4}"));
        string ratio = Ratio is { } value ? string.Create(CultureInfo.InvariantCulture, $"; ratio {value:F2}") : "";
        return $"{Title}: {string.Join(", ", parts)} {Unit}{ratio}";
    }

    private Figures? Of(string? label) => Figures.FirstOrDefault(figures => figures.Label == label);
}
