using System.Globalization;
using System.Text.RegularExpressions;

namespace Chaku.Training.Estimation;

/// <summary>The energy counters of a machine's processor packages, where Linux lets them be read (RAPL).</summary>
/// <remarks>Source: the Linux kernel's documentation, power/powercap.</remarks>
internal sealed partial class EnergyCounters
{
    private readonly Counter[] _counters;

    private EnergyCounters(Counter[] counters) => _counters = counters;

    /// <summary>Energy since it was found.</summary>
    public double Joules => _counters.Sum(counter => counter.Microjoules) * 1e-6;

    /// <summary>The counters; null where there are none, or not all may be read.</summary>
    public static EnergyCounters? Find(string root)
    {
        string folder = Path.Combine(root, "sys/class/powercap");
        if (!Directory.Exists(folder))
        {
            return null;
        }

        // Zones inside a package are part of its number.
        string[] packages = [.. Directory.EnumerateDirectories(folder).Where(IsPackage).Order(StringComparer.Ordinal)];
        Counter[] counters = [.. packages.Select(Counter.TryOpen).OfType<Counter>()];
        return counters.Length > 0 && counters.Length == packages.Length ? new EnergyCounters(counters) : null;
    }

    /// <summary>Adds what the counters went on since they were read last.</summary>
    public void Sample()
    {
        foreach (Counter counter in _counters)
        {
            counter.Sample();
        }
    }

    private static bool IsPackage(string folder) => PackageName().IsMatch(Path.GetFileName(folder));

    [GeneratedRegex("^intel-rapl:[0-9]+$", RegexOptions.CultureInvariant)]
    private static partial Regex PackageName();

    private sealed class Counter
    {
        private readonly string _path;
        private readonly long _range;
        private long _last;

        private Counter(string path, long range, long first)
        {
            _path = path;
            _range = range;
            _last = first;
        }

        public double Microjoules { get; private set; }

        public static Counter? TryOpen(string folder)
        {
            string path = Path.Combine(folder, "energy_uj");
            return TryRead(path, out long first) && TryRead(Path.Combine(folder, "max_energy_range_uj"), out long range)
                ? new Counter(path, range, first)
                : null;
        }

        public void Sample()
        {
            if (TryRead(_path, out long now))
            {
                Microjoules += now >= _last ? now - _last : now + _range - _last;
                _last = now;
            }
        }

        private static bool TryRead(string path, out long value)
        {
            value = 0;
            try
            {
                return long.TryParse(
                    File.ReadAllText(path).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out value);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Most systems let nobody but root read them: then the energy is estimated, and says so.
                return false;
            }
        }
    }
}
