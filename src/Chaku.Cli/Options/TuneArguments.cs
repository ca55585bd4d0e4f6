using System.CommandLine;
using Chaku.Training;
using Chaku.Training.Datasets;
using Chaku.Training.Optimisation;

namespace Chaku.Cli.Options;

/// <summary>What a tuning run is asked for on the command line.</summary>
internal sealed class TuneArguments
{
    private static readonly TuneOptions Defaults = new();

    private readonly Option<int?> _rank = NumberOption.Whole("--rank", $"The adapter's rank; {Defaults.Rank} by default.", 1);
    private readonly Option<float?> _alpha =
        NumberOption.Fraction("--alpha", "The adapter's alpha: its scale is alpha / rank; twice the rank by default.");

    private readonly Option<bool> _rankStabilised = new("--rslora") { Description = "Scales by alpha / √rank." };
    private readonly Option<float?> _dropout = NumberOption.Fraction(
        "--dropout", "Share of the adapter's inputs that become zero while it learns; 0 by default.");

    private readonly Option<string[]> _targets = new("--targets")
    {
        Description = "What the adapter changes: names such as q_proj,v_proj, or all-linear, the default.",
        HelpName = "NAMES",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<float?> _learningRate = NumberOption.Fraction(
        "--lr", "The largest learning rate; 2e-4 by default. Small models want more: 5e-3 suits a quarter of a million weights.");

    private readonly Option<string?> _schedule = new("--schedule")
    {
        Description = $"How the learning rate falls; {Defaults.Schedule} by default.",
        HelpName = string.Join("|", LearningRateSchedules.All.Select(schedule => schedule.Name)),
    };

    private readonly Option<int?> _warmup =
        NumberOption.Whole("--warmup", "Steps over which the learning rate climbs; 3 of 100 by default.");

    private readonly Option<int?> _steps =
        NumberOption.Whole("--steps", "Steps of the optimiser; as many as the epochs take by default.", 1);

    private readonly Option<float?> _epochs = NumberOption.Fraction(
        "--epochs", $"How often every record is seen, where no steps are given; {Defaults.Epochs} by default.");

    private readonly Option<ulong?> _seed =
        NumberOption.Seed("Fixes the adapter's start and the order of the data; 0 by default.");

    private readonly Option<int?> _context = NumberOption.Whole(
        "--context", "Tokens of a record at most; the model's own context, but no more than 512, by default.", 2);

    private readonly Option<int?> _batch = NumberOption.Whole(
        "--batch", $"Contexts that go through the model at a time; {Defaults.BatchSize} by default.", 1);

    private readonly Option<int?> _accumulate = NumberOption.Whole(
        "--accumulate", $"Batches before each update; {Defaults.Accumulation} by default.", 1);

    private readonly Option<float?> _clip = NumberOption.Fraction(
        "--clip", $"Longest gradient, longer ones are scaled down; {Defaults.ClipNorm} by default, 0 leaves them.");

    private readonly Option<float?> _weightDecay =
        NumberOption.Fraction("--weight-decay", $"Decoupled weight decay; {Defaults.WeightDecay} by default.");

    private readonly Option<float?> _validation = NumberOption.Fraction(
        "--validation", "Share of the data, its last part, that is held out to measure on; 0 by default.");

    private readonly Option<string?> _format = new("--format")
    {
        Description = "The data's format; recognised by default.",
        HelpName = string.Join("|", DatasetFormats.All.Select(format => format.Name)),
    };

    private readonly TemplateOption _template;

    /// <summary>Adds the options to a command.</summary>
    public TuneArguments(Command command)
    {
        Option[] options =
        [
            _rank, _alpha, _rankStabilised, _dropout, _targets, _learningRate, _schedule, _warmup, _steps, _epochs, _seed,
            _context, _batch, _accumulate, _clip, _weightDecay, _validation, _format,
        ];
        foreach (Option option in options)
        {
            command.Add(option);
        }

        _template = new TemplateOption(command);
    }

    /// <summary>The context that the model is loaded with; null takes the file's.</summary>
    public int? Context(ParseResult arguments) => arguments.GetValue(_context);

    /// <summary>What is asked for.</summary>
    public TuneOptions Read(ParseResult arguments)
    {
        string[] targets = [.. (arguments.GetValue(_targets) ?? []).SelectMany(names =>
            names.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
        return Defaults with
        {
            Rank = arguments.GetValue(_rank) ?? Defaults.Rank,
            Alpha = arguments.GetValue(_alpha),
            IsRankStabilised = arguments.GetValue(_rankStabilised),
            Dropout = Decimal(arguments, _dropout) ?? Defaults.Dropout,
            Targets = targets.Length > 0 ? targets : Defaults.Targets,
            LearningRate = Decimal(arguments, _learningRate) ?? Defaults.LearningRate,
            Schedule = arguments.GetValue(_schedule) ?? Defaults.Schedule,
            WarmupSteps = arguments.GetValue(_warmup),
            Steps = arguments.GetValue(_steps),
            Epochs = Decimal(arguments, _epochs) ?? Defaults.Epochs,
            Seed = arguments.GetValue(_seed) ?? Defaults.Seed,
            ContextLength = arguments.GetValue(_context),
            BatchSize = arguments.GetValue(_batch) ?? Defaults.BatchSize,
            Accumulation = arguments.GetValue(_accumulate) ?? Defaults.Accumulation,
            ClipNorm = Decimal(arguments, _clip) ?? Defaults.ClipNorm,
            WeightDecay = Decimal(arguments, _weightDecay) ?? Defaults.WeightDecay,
            ValidationShare = Decimal(arguments, _validation) ?? Defaults.ValidationShare,
            Template = _template.Name(arguments),
            Format = arguments.GetValue(_format),
        };
    }

    // The number that was written, not its nearest float: 0.1 stays a tenth.
    private static double? Decimal(ParseResult arguments, Option<float?> option) =>
        arguments.GetValue(option) is { } value ? (double)(decimal)value : null;
}
