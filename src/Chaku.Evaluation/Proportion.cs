namespace Chaku.Evaluation;

/// <summary>How many of some cases had a property, and what that says of all such cases.</summary>
/// <param name="Count">Cases that had it.</param>
/// <param name="Total">All cases; at least one.</param>
internal readonly record struct Proportion(int Count, int Total)
{
    // The normal distribution's 97.5 % quantile.
    private const double Quantile = 1.959963984540054;

    /// <summary>The share, in [0, 1].</summary>
    public double Share => (double)Count / Total;

    /// <summary>
    /// The interval that holds the true share in 95 of 100 such measurements: Wilson's score interval.
    /// </summary>
    /// <remarks>Source: E. B. Wilson, Journal of the American Statistical Association 22 (1927), 209-212.</remarks>
    public (double Low, double High) Interval
    {
        get
        {
            double square = Quantile * Quantile;
            double centre = (Share + (square / (2 * Total))) / (1 + (square / Total));
            double half = Quantile / (1 + (square / Total))
                * Math.Sqrt((Share * (1 - Share) / Total) + (square / (4.0 * Total * Total)));
            return (Math.Max(0, centre - half), Math.Min(1, centre + half));
        }
    }
}
