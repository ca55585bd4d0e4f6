namespace Chaku.Kernels.Ops;

/// <summary>Random numbers as a function of counters: no state, no order.</summary>
/// <remarks>
/// The finaliser of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
/// </remarks>
internal static class CounterRandom
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>64 bits that belong to three counters.</summary>
    public static ulong Mix(ulong a, ulong b, ulong c) => Finalise(Finalise(Finalise(a) + b) + c);

    /// <summary>A number in [0, 1) with 53 bits.</summary>
    public static double Uniform(ulong a, ulong b, ulong c) => (Mix(a, b, c) >> 11) * (1.0 / (1UL << 53));

    /// <summary>A number with mean 0 and variance 1: the Box–Muller transform of two draws.</summary>
    public static double Normal(ulong a, ulong b, ulong c)
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - Uniform(a, b, 2 * c)));
        return radius * Math.Cos(2 * Math.PI * Uniform(a, b, (2 * c) + 1));
    }

    private static ulong Finalise(ulong z)
    {
        z += Golden;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
