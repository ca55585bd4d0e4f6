namespace Chaku.Kernels.Tests;

/// <summary>Bounds on rounding errors of float32, whose unit roundoff is u = 2⁻²⁴.</summary>
internal static class Tolerances
{
    /// <summary>u.</summary>
    public const double UnitRoundoff = 1.0 / (1 << 24);

    /// <summary>
    /// Of gradients, by the largest of their tensor: chains of some hundred roundings (500 · u ≈ 3e-5). The central
    /// difference's own error, about 1e-9, does not count beside it.
    /// </summary>
    public const double Gradient = 3e-5;

    /// <summary>Of an element-wise formula, by its result: a dozen roundings, an exponential within 2 ulp.</summary>
    public const double ElementWise = 16 * UnitRoundoff;

    /// <summary>Of a sum, by the sum of its terms' magnitudes: n · u / (1 − n · u) for n roundings of a term.</summary>
    public static double Sum(int roundings) => roundings * UnitRoundoff / (1 - (roundings * UnitRoundoff));

    /// <summary>
    /// Of soft-max averages, by the largest value averaged: a score's absolute error is the relative error of its
    /// power, counted twice as it is in numerator and denominator, and both are sums over the keys.
    /// </summary>
    /// <param name="headSize">Terms of a score.</param>
    /// <param name="keyCount">Terms of the average.</param>
    /// <param name="scoreMagnitude">The largest Σ |q · k| of a score.</param>
    public static double SoftMaxAverage(int headSize, int keyCount, double scoreMagnitude) =>
        2 * ((Sum(headSize + 4) * scoreMagnitude) + Sum(keyCount + 16));
}
