namespace Chaku.Training.Estimation;

/// <summary>Time and energy from a moment on: measured by the processor's counters, or watts times the time.</summary>
internal sealed class PowerMeter
{
    private readonly Tariff _tariff;
    private readonly int _threadCount;
    private readonly EnergyCounters? _counters;
    private readonly TimeProvider _time;
    private readonly long _start;

    /// <summary>Begins to measure.</summary>
    /// <param name="tariff">Watts that the user names, and prices.</param>
    /// <param name="threadCount">Threads at work.</param>
    /// <param name="root">Where the system's files lie; another folder in tests.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public PowerMeter(Tariff tariff, int threadCount, string root = "/", TimeProvider? time = null)
    {
        _tariff = tariff;
        _threadCount = threadCount;
        _time = time ?? TimeProvider.System;
        _start = _time.GetTimestamp();
        _counters = tariff.Watts is null ? EnergyCounters.Find(root) : null;
    }

    /// <summary>
    /// Reads the counters: at least every few minutes, because they begin again at 0 when they are full.
    /// </summary>
    public void Sample() => _counters?.Sample();

    /// <summary>What it was until now.</summary>
    public RunCost Read()
    {
        double seconds = _time.GetElapsedTime(_start).TotalSeconds;
        if (_counters is not null)
        {
            _counters.Sample();
            return new RunCost(seconds, _counters.Joules, EnergySource.Measured, _tariff);
        }

        return _tariff.Watts is { } watts
            ? new RunCost(seconds, watts * seconds, EnergySource.Given, _tariff)
            : new RunCost(
                seconds, Tariff.UpperBoundWatts(_threadCount) * seconds, EnergySource.UpperBound, _tariff);
    }
}
