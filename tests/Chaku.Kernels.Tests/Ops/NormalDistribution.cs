namespace Chaku.Kernels.Tests.Ops;

/// <summary>The error function in double precision, by its series and its continued fraction.</summary>
/// <remarks>Source: Abramowitz and Stegun, 7.1.6 and 7.1.14.</remarks>
internal static class NormalDistribution
{
    /// <summary>The share of the standard normal distribution below x.</summary>
    public static double Of(double x) => Erfc(-x / Math.Sqrt(2)) / 2;

    /// <summary>1 − erf x.</summary>
    public static double Erfc(double x)
    {
        if (x < 0)
        {
            return 2 - Erfc(-x);
        }

        return x < 2.5 ? 1 - Series(x) : ContinuedFraction(x);
    }

    // erf x = 2/√π · e^(−x²) · Σ 2ⁿ · x^(2n+1) / (1 · 3 · … · (2n + 1))
    private static double Series(double x)
    {
        double term = x;
        double sum = x;
        for (int n = 1; n < 100; n++)
        {
            term *= 2 * x * x / ((2 * n) + 1);
            sum += term;
        }

        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }

    // √π · e^(x²) · erfc x = 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …))))
    private static double ContinuedFraction(double x)
    {
        double denominator = x;
        for (int n = 200; n > 0; n--)
        {
            denominator = x + (n / 2.0 / denominator);
        }

        return Math.Exp(-x * x) / Math.Sqrt(Math.PI) / denominator;
    }
}
