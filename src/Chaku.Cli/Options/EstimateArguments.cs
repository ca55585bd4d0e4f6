using System.CommandLine;
using Chaku.Training;
using Chaku.Training.Estimation;

namespace Chaku.Cli.Options;

/// <summary>Memory that a run may hold, and what energy and the machine cost.</summary>
internal sealed class EstimateArguments
{
    private const double BytesPerGigabyte = 1e9;

    private readonly Option<string> _checkpointing = new("--gradient-checkpointing")
    {
        Description =
            "Computes layers again in the backward instead of keeping them: less memory, more time, the same bits; " +
            "auto does it where memory asks for it.",
        DefaultValueFactory = _ => "auto",
        HelpName = "auto|on|off",
    };

    private readonly Option<double?> _memoryLimit = NumberOption.Fraction(
        "--memory-limit", "Gigabytes that the run may hold at most; all that are free by default.");

    private readonly Option<bool> _noMemoryCheck = new("--no-memory-check")
    {
        Description = "Begins even if the memory will not be enough.",
    };

    private readonly Option<double?> _watts = NumberOption.Fraction(
        "--watts",
        "Power of the machine while it trains; by default what the processor's counters say, or 11 for each thread.");

    private readonly Option<double?> _energyPrice = NumberOption.Fraction(
        "--price-per-kwh", "Price of a kilowatt-hour; 0.30 by default.");

    private readonly Option<double?> _machinePrice = NumberOption.Fraction(
        "--price-per-hour", "Rent of the machine for an hour; 0 by default.");

    private readonly Option<string?> _currency = new("--currency")
    {
        Description = "The money that prices are in, for the reports.",
        HelpName = "NAME",
    };

    /// <summary>Adds the options to a command.</summary>
    public EstimateArguments(Command command)
    {
        _checkpointing.AcceptOnlyFromAmong("auto", "on", "off");
        command.Add(_checkpointing);
        command.Add(_memoryLimit);
        command.Add(_noMemoryCheck);
        command.Add(_watts);
        command.Add(_energyPrice);
        command.Add(_machinePrice);
        command.Add(_currency);
    }

    /// <summary>The options for the library.</summary>
    /// <exception cref="UsageException">The limit cannot be.</exception>
    public TuneOptions AddTo(TuneOptions options, ParseResult arguments)
    {
        double? limit = arguments.GetValue(_memoryLimit);
        return limit is <= 0
            ? throw new UsageException("--memory-limit takes gigabytes above 0")
            : options with
            {
                GradientCheckpointing = arguments.GetValue(_checkpointing) switch
                {
                    "on" => GradientCheckpointing.On,
                    "off" => GradientCheckpointing.Off,
                    _ => GradientCheckpointing.Auto,
                },
                MemoryLimitBytes = limit is { } gigabytes ? (long)(gigabytes * BytesPerGigabyte) : null,
                ChecksMemory = !arguments.GetValue(_noMemoryCheck),
                Tariff = new Tariff
                {
                    Watts = arguments.GetValue(_watts),
                    PricePerKilowattHour =
                        arguments.GetValue(_energyPrice) ?? options.Tariff.PricePerKilowattHour,
                    PricePerHour = arguments.GetValue(_machinePrice) ?? options.Tariff.PricePerHour,
                    Currency = arguments.GetValue(_currency) ?? options.Tariff.Currency,
                },
            };
    }
}
