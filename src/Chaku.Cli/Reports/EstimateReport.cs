using System.Runtime.CompilerServices;
using System.Text.Json;
using Chaku.Training.Estimation;

namespace Chaku.Cli.Reports;

/// <summary>What a run will take, and what it took.</summary>
internal static class EstimateReport
{
    /// <summary>The estimate, in one line for people.</summary>
    public static string Line(TuningEstimate estimate) => Format(
        $"estimate: {Gigabytes(estimate.Memory.TotalBytes)} of {Gigabytes(estimate.AvailableBytes)} GB memory" +
        $"{(estimate.UsesGradientCheckpointing ? " with gradient checkpointing" : "")}, {Line(estimate.Cost)}");

    /// <summary>Time, energy and money, in one line for people.</summary>
    public static string Line(RunCost cost) => Format(
        $"{Time(cost.Seconds)}, {cost.KilowattHours:0.0000} kWh ({SourceOf(cost)}), {Money(cost)}");

    /// <summary>Writes the fields for scripts.</summary>
    public static void WriteFields(Utf8JsonWriter json, TuningEstimate estimate)
    {
        json.WriteStartObject("memory");
        json.WriteNumber("available", estimate.AvailableBytes);
        json.WriteNumber("total", estimate.Memory.TotalBytes);
        foreach ((string name, long bytes) in estimate.Memory.Parts)
        {
            json.WriteNumber(name, bytes);
        }

        json.WriteEndObject();
        json.WriteBoolean("gradient_checkpointing", estimate.UsesGradientCheckpointing);
        WriteFields(json, estimate.Cost);
    }

    /// <summary>Writes the fields for scripts.</summary>
    public static void WriteFields(Utf8JsonWriter json, RunCost cost)
    {
        json.WriteNumber("seconds", Math.Round(cost.Seconds, 3));
        json.WriteNumber("joules", Math.Round(cost.Joules, 3));
        json.WriteString("energy", NameOf(cost.Source));
        json.WriteNumber("money", cost.Money);
        json.WriteString("currency", cost.Tariff.Currency);
        json.WriteNumber("price_per_kwh", cost.Tariff.PricePerKilowattHour);
        json.WriteNumber("price_per_hour", cost.Tariff.PricePerHour);
    }

    private static string Format(DefaultInterpolatedStringHandler text) => text.ToStringAndClear();

    private static string Gigabytes(long bytes) => Format($"{bytes / 1e9:0.00}");

    private static string Time(double seconds)
    {
        TimeSpan time = TimeSpan.FromSeconds(Math.Min(Math.Round(seconds), 1e9));
        return time switch
        {
            { TotalHours: >= 1 } => Format($"{(long)time.TotalHours} h {time.Minutes} min"),
            { TotalMinutes: >= 1 } => Format($"{time.Minutes} min {time.Seconds} s"),
            _ => Format($"{seconds:0.#} s"),
        };
    }

    private static string SourceOf(RunCost cost) => cost.Source switch
    {
        EnergySource.Measured => Format($"measured, {cost.Watts:0} W"),
        EnergySource.Given => Format($"at {cost.Watts:0} W, as given"),
        _ => Format($"at {cost.Watts:0} W, an upper bound"),
    };

    private static string NameOf(EnergySource source) => source switch
    {
        EnergySource.Measured => "measured",
        EnergySource.Given => "given",
        _ => "upper_bound",
    };

    private static string Money(RunCost cost)
    {
        Tariff tariff = cost.Tariff;
        string rent = tariff.PricePerHour > 0 ? Format($" and {tariff.PricePerHour:0.###} per hour") : "";
        string currency = tariff.Currency.Length > 0 ? " " + tariff.Currency : "";
        return Format($"costs {cost.Money:0.####}{currency} at {tariff.PricePerKilowattHour:0.###} per kWh{rent}");
    }
}
