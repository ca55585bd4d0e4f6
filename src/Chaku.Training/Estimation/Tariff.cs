namespace Chaku.Training.Estimation;

/// <summary>What power a run takes, and what energy and a machine cost.</summary>
internal sealed record Tariff
{
    /// <summary>
    /// Watts that are assumed for each thread where nothing measures them: more than the thermal design power of common
    /// processors has for a thread.
    /// </summary>
    public const double WattsPerThread = 10;

    /// <summary>What else supply and cooling take, as a factor: the one of LLaMA's authors, arXiv:2302.13971.</summary>
    public const double PowerUsageEffectiveness = 1.1;

    /// <summary>Watts of the whole machine while it trains; null where they are measured, or assumed.</summary>
    public double? Watts { get; init; }

    /// <summary>Price of a kilowatt-hour: about what a household in Europe pays in its own money.</summary>
    public double PricePerKilowattHour { get; init; } = 0.30;

    /// <summary>Price of an hour of the machine, energy included; 0 for one's own.</summary>
    public double PricePerHour { get; init; }

    /// <summary>The money that prices are in; empty where nobody says.</summary>
    public string Currency { get; init; } = "";

    /// <summary>Watts that are assumed, an upper bound.</summary>
    /// <param name="threadCount">Threads at work.</param>
    public static double UpperBoundWatts(int threadCount) => WattsPerThread * threadCount * PowerUsageEffectiveness;

    /// <summary>What is wrong with it; null where nothing is.</summary>
    public string? Fault => this switch
    {
        { Watts: not (null or (> 0 and < double.PositiveInfinity)) } => "the watts are above 0",
        { PricePerKilowattHour: not (>= 0 and < double.PositiveInfinity) } => "the price of energy is 0 or more",
        { PricePerHour: not (>= 0 and < double.PositiveInfinity) } => "the price of the machine is 0 or more",
        _ => null,
    };
}

/// <summary>Where a number of joules comes from.</summary>
internal enum EnergySource
{
    /// <summary>Counters of the processor.</summary>
    Measured,

    /// <summary>Watts that the user named, times the time.</summary>
    Given,

    /// <summary>Watts that are more than likely, times the time.</summary>
    UpperBound,
}

/// <summary>What a run takes, before it as estimated, after it as it was.</summary>
/// <param name="Seconds">Time.</param>
/// <param name="Joules">Energy.</param>
/// <param name="Source">Where the energy comes from.</param>
/// <param name="Tariff">Prices.</param>
internal sealed record RunCost(double Seconds, double Joules, EnergySource Source, Tariff Tariff)
{
    private const double JoulesPerKilowattHour = 3.6e6;
    private const double SecondsPerHour = 3600;

    /// <summary>Energy.</summary>
    public double KilowattHours => Joules / JoulesPerKilowattHour;

    /// <summary>Mean power.</summary>
    public double Watts => Seconds > 0 ? Joules / Seconds : 0;

    /// <summary>Whether the energy was measured.</summary>
    public bool IsMeasured => Source == EnergySource.Measured;

    /// <summary>Energy, and the machine by the hour.</summary>
    public double Money =>
        (KilowattHours * Tariff.PricePerKilowattHour) + (Seconds / SecondsPerHour * Tariff.PricePerHour);

    /// <summary>The same power and prices over another time.</summary>
    public RunCost Over(double seconds) => this with { Seconds = seconds, Joules = Watts * seconds };
}
