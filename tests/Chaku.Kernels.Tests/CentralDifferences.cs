namespace Chaku.Kernels.Tests;

/// <summary>Derivatives of a function in double precision: (f(x + h) − f(x − h)) / 2h.</summary>
internal static class CentralDifferences
{
    private const double Step = 1e-5;

    /// <summary>By every element of <paramref name="x"/>.</summary>
    public static double[] Of(double[] x, Func<double> f) => At(x, f, [.. Enumerable.Range(0, x.Length)]);

    /// <summary>By some elements of <paramref name="x"/>, which <paramref name="f"/> reads.</summary>
    public static double[] At(double[] x, Func<double> f, int[] elements)
    {
        double[] derivatives = new double[elements.Length];
        for (int i = 0; i < elements.Length; i++)
        {
            double value = x[elements[i]];
            x[elements[i]] = value + Step;
            double above = f();
            x[elements[i]] = value - Step;
            double below = f();
            x[elements[i]] = value;
            derivatives[i] = (above - below) / (2 * Step);
        }

        return derivatives;
    }
}
