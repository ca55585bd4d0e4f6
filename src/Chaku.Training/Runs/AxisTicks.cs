using System.Globalization;

namespace Chaku.Training.Runs;

/// <summary>Round numbers along an axis.</summary>
/// <param name="Step">From one to the next: 1, 2 or 5 times a power of ten.</param>
/// <param name="Values">The numbers within the range.</param>
internal sealed record AxisTicks(double Step, IReadOnlyList<double> Values)
{
    /// <summary>Ticks of a range.</summary>
    /// <param name="least">Its lower end.</param>
    /// <param name="most">Its upper end, above the lower.</param>
    /// <param name="count">About how many; 4 or more, so that there is one at all.</param>
    public static AxisTicks Of(double least, double most, int count)
    {
        double rough = (most - least) / count;
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step = power * (rough / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
        long first = (long)Math.Ceiling((least / step) - 1e-9);
        long last = (long)Math.Floor((most / step) + 1e-9);
        return new AxisTicks(step, [.. Enumerable.Range(0, (int)(last - first + 1)).Select(i => (first + i) * step)]);
    }

    /// <summary>A value with as many digits as the step needs; thousands as k, millions as M.</summary>
    public string Spell(double value)
    {
        (double unit, string suffix) = Math.Abs(value) switch
        {
            >= 1e6 when Step >= 1e4 => (1e6, "M"),
            >= 1e3 when Step >= 10 => (1e3, "k"),
            _ => (1, ""),
        };
        int digits = Math.Clamp((int)Math.Ceiling(-Math.Log10(Step / unit) - 1e-9), 0, 6);
        return (value / unit).ToString($"F{digits}", CultureInfo.InvariantCulture) + suffix;
    }
}
