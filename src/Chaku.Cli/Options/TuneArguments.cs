using System.CommandLine;
using Chaku.Training;
using Chaku.Training.Optimisation;
using Chaku.Training.Runs;

namespace Chaku.Cli.Options;

/// <summary>How an adapter is trained.</summary>
internal sealed class TuneArguments
{
    private const int MostMinutes = 1_000_000;

    private readonly Option<bool> _full = new("--full")
    {
        Description = "Trains all weights instead of an adapter, and writes a GGUF file in F32: a quantised base is " +
            "dequantised.",
    };

    private readonly Option<int?> _rank = NumberOption.Whole("--rank", "Rank of the adapter; 8 by default.", 1);

    private readonly Option<double?> _alpha = NumberOption.Fraction(
        "--alpha", "Strength: the change is scaled by alpha / rank; twice the rank by default.");

    private readonly Option<bool> _rankStabilised = new("--rslora")
    {
        Description = "Scales by alpha / √rank instead.",
    };

    private readonly Option<bool> _dora = new("--dora")
    {
        Description = "Trains the magnitude of each row as well (DoRA).",
    };

    private readonly Option<double?> _dropout = NumberOption.Fraction(
        "--dropout", "Share of the adapter's inputs that become zero in each step; 0 by default.");

    private readonly Option<string?> _targets = new("--targets")
    {
        Description = "Matrices to adapt, with commas between, such as q_proj,v_proj; all-linear by default.",
        HelpName = "NAMES",
    };

    private readonly Option<double?> _learningRate = NumberOption.Fraction(
        "--lr", "Learning rate; 2e-4 by default, 2e-5 with --full.");

    private readonly Option<double?> _loraPlus = new("--loraplus")
    {
        Description = "The learning rate of B is this much times that of A (LoRA+); 1 by default, 16 is usual.",
        HelpName = "RATIO",
        CustomParser = NumberOption.ParseFraction,
    };

    private readonly Option<string?> _optimiser = new("--optimizer")
    {
        Description = "What moves the weights: " + Names(OptimiserKinds.All.Select(entry => entry.Name)) +
            ", which needs a quarter of the memory; the first by default.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _schedule = new("--schedule")
    {
        Description = "How the learning rate falls: " + Names(LearningRateSchedules.All.Select(entry => entry.Name)) +
            "; the first by default.",
        HelpName = "NAME",
    };

    private readonly Option<int?> _warmup = NumberOption.Whole(
        "--warmup", "Steps over which the learning rate climbs; 3 of 100 by default.");

    private readonly Option<int?> _steps = NumberOption.Whole("--steps", "Steps; as the epochs have it by default.", 1);

    private readonly Option<double?> _epochs = NumberOption.Fraction(
        "--epochs", "How often everything is learnt from; 3 by default.");

    private readonly Option<ulong?> _seed = NumberOption.Seed("The same seed gives the same adapter; 0 by default.");

    private readonly Option<int?> _context = NumberOption.Whole(
        "--context", "Tokens of a sequence at most; the model's context by default, but no more than 512.", 2);

    private readonly Option<int?> _batch = NumberOption.Whole(
        "--batch", "Contexts that go through the model at a time; 4 by default.", 1);

    private readonly Option<int?> _accumulate = NumberOption.Whole(
        "--accumulate", "Batches that make one step; 1 by default.", 1);

    private readonly Option<double?> _clip = NumberOption.Fraction(
        "--clip", "Gradients with a larger norm are scaled down to it, 0 leaves them; 1 by default.");

    private readonly Option<double?> _weightDecay = NumberOption.Fraction(
        "--weight-decay", "Weight decay; 0.01 by default.");

    private readonly Option<double?> _validation = new("--validation")
    {
        Description = "Share of the data that is held out, and the loss on it measured; 0 by default.",
        HelpName = "SHARE",
        CustomParser = NumberOption.ParseFraction,
    };

    private readonly Option<int?> _validateEvery = NumberOption.Whole(
        "--validate-every",
        "Steps from one measurement of what is held out to the next; 4 measurements by default, 20 with --patience.",
        1);

    private readonly Option<int?> _patience = NumberOption.Whole(
        "--patience", "Stops after so many measurements of what is held out without a better one.", 1);

    private readonly Option<string?> _keep = new("--keep")
    {
        Description = "What is written: best, the numbers with the lowest loss on what is held out, which is the " +
            "default with --validation; or last.",
        HelpName = "WHICH",
    };

    private readonly Option<bool> _resume = new("--resume")
    {
        Description = "Begins, or goes on with the same run that was broken off, to the same bytes as if it had not " +
            "been. A run whose result is there already does nothing.",
    };

    private readonly Option<bool> _restart = new("--restart")
    {
        Description = "Drops the checkpoint of a run that was broken off, which is refused otherwise, and begins anew.",
    };

    private readonly Option<double?> _checkpointEvery = new("--checkpoint-every")
    {
        Description = "Minutes from one checkpoint to the next; 2 by default, more where writing one takes long.",
        HelpName = "MINUTES",
        CustomParser = NumberOption.ParseFraction,
    };

    private readonly Option<int?> _checkpointSteps = NumberOption.Whole(
        "--checkpoint-steps", "Steps from one checkpoint to the next as well.", 1);

    private readonly Option<string?> _format = FormatOption.Create();

    private readonly Option<string?> _dataLicense = DataLicenseOption.Create();

    /// <summary>Adds the options to a command.</summary>
    public TuneArguments(Command command)
    {
        Option[] options =
        [
            _full, _rank, _alpha, _rankStabilised, _dora, _dropout, _targets, _learningRate, _loraPlus, _optimiser,
            _schedule, _warmup, _steps, _epochs, _seed, _context, _batch, _accumulate, _clip, _weightDecay, _validation,
            _validateEvery, _patience, _keep, _resume, _restart, _checkpointEvery, _checkpointSteps, _format,
            _dataLicense,
        ];
        foreach (Option option in options)
        {
            command.Add(option);
        }
    }

    /// <summary>The options for the library.</summary>
    public TuneOptions Read(ParseResult arguments, string? template)
    {
        TuneOptions defaults = new();
        bool isFull = arguments.GetValue(_full);
        return new TuneOptions
        {
            IsFull = isFull,
            Rank = arguments.GetValue(_rank) ?? defaults.Rank,
            Alpha = (float?)arguments.GetValue(_alpha),
            IsRankStabilised = arguments.GetValue(_rankStabilised),
            IsWeightDecomposed = arguments.GetValue(_dora),
            Dropout = arguments.GetValue(_dropout) ?? defaults.Dropout,
            Targets = arguments.GetValue(_targets)?.Split(',', StringSplitOptions.TrimEntries) ?? defaults.Targets,
            LearningRate = arguments.GetValue(_learningRate)
                ?? (isFull ? TuneOptions.FullLearningRate : defaults.LearningRate),
            LoraPlusRatio = arguments.GetValue(_loraPlus) ?? defaults.LoraPlusRatio,
            Optimiser = arguments.GetValue(_optimiser) ?? defaults.Optimiser,
            Schedule = arguments.GetValue(_schedule) ?? defaults.Schedule,
            WarmupSteps = arguments.GetValue(_warmup),
            Steps = arguments.GetValue(_steps),
            Epochs = arguments.GetValue(_epochs) ?? defaults.Epochs,
            Seed = arguments.GetValue(_seed) ?? defaults.Seed,
            ContextLength = arguments.GetValue(_context),
            BatchSize = arguments.GetValue(_batch) ?? defaults.BatchSize,
            Accumulation = arguments.GetValue(_accumulate) ?? defaults.Accumulation,
            ClipNorm = arguments.GetValue(_clip) ?? defaults.ClipNorm,
            WeightDecay = arguments.GetValue(_weightDecay) ?? defaults.WeightDecay,
            ValidationShare = arguments.GetValue(_validation) ?? defaults.ValidationShare,
            ValidateEvery = arguments.GetValue(_validateEvery),
            Patience = arguments.GetValue(_patience),
            Keeps = arguments.GetValue(_keep),
            Checkpoints = ReadCheckpoints(arguments),
            Template = template,
            Format = arguments.GetValue(_format),
            DataLicense = arguments.GetValue(_dataLicense),
        };
    }

    /// <summary>Whether a run that was broken off is to go on.</summary>
    public bool Resumes(ParseResult arguments) => arguments.GetValue(_resume);

    private CheckpointOptions ReadCheckpoints(ParseResult arguments)
    {
        double minutes = arguments.GetValue(_checkpointEvery) ?? CheckpointOptions.DefaultInterval.TotalMinutes;
        return minutes is >= 0 and <= MostMinutes
            ? new CheckpointOptions
            {
                Interval = TimeSpan.FromMinutes(minutes),
                Steps = arguments.GetValue(_checkpointSteps),
                Restarts = arguments.GetValue(_restart),
            }
            : throw new UsageException($"--checkpoint-every takes 0 to {MostMinutes} minutes, not {minutes}");
    }

    private static string Names(IEnumerable<string> names) => string.Join(", ", names);
}
