using System.CommandLine;
using Chaku.Training;
using Chaku.Training.Optimisation;
using Chaku.Training.Pretraining;

namespace Chaku.Cli.Options;

/// <summary>How a model is tuned: what is given wins over a recipe, and that over the defaults.</summary>
internal sealed class TuneArguments
{
    private const int MostMinutes = 1_000_000;

    private readonly Option<string?> _recipe = new("--recipe")
    {
        Description =
            $"Takes the published hyper-parameters of {TuneRecipes.Names}; what you give as well wins. --full has " +
            "those for all weights.",
        HelpName = "NAME",
    };

    private readonly Option<bool> _full = new("--full")
    {
        Description = "Trains all weights instead of an adapter, and writes a GGUF file in F32: a quantised base is " +
            "dequantised.",
    };

    private readonly Option<bool> _resume = new("--resume")
    {
        Description = "Begins, or goes on with the same run that was broken off, to the same bytes as if it had not " +
            "been. A run whose result is there already does nothing.",
    };

    private readonly IReadOnlyList<TuneArgument> _all;

    private readonly EstimateArguments _estimate;
    private readonly bool _isNewModel;

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="isNewModel">Whether a model is trained from scratch: there is no adapter then.</param>
    public TuneArguments(Command command, bool isNewModel = false)
    {
        _isNewModel = isNewModel;
        _all =
        [
            .. isNewModel ? [] : AdapterArguments(), .. LearningArguments(), .. DataArguments(), .. RunArguments(),
        ];
        if (!isNewModel)
        {
            command.Add(_recipe);
            command.Add(_full);
        }

        foreach (TuneArgument argument in _all)
        {
            command.Add(argument.Option);
        }

        command.Add(_resume);
        _estimate = new EstimateArguments(command);
    }

    /// <summary>Every option that changes one of <see cref="TuneOptions"/>.</summary>
    public IEnumerable<string> Names => _all.Select(argument => argument.Name);

    /// <summary>Whether all weights are trained.</summary>
    public bool IsFull(ParseResult arguments) => _isNewModel || arguments.GetValue(_full);

    /// <summary>Whether a run that was broken off is to go on.</summary>
    public bool Resumes(ParseResult arguments) => arguments.GetValue(_resume);

    /// <summary>The recipe, if one is asked for.</summary>
    /// <exception cref="UsageException">There is none of that name.</exception>
    /// <exception cref="TrainingException">It was not published for what is trained.</exception>
    public TuneRecipe? Recipe(ParseResult arguments)
    {
        if (arguments.GetValue(_recipe) is not { } name)
        {
            return null;
        }

        TuneRecipe recipe = TuneRecipes.All.FirstOrDefault(entry => entry.Name == name)
            ?? throw new UsageException($"there is no recipe '{name}': choose one of {TuneRecipes.Names}");
        _ = recipe.OptionsFor(IsFull(arguments));
        return recipe;
    }

    /// <summary>The options for the library.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="template">The chat template that is named there.</param>
    /// <param name="recipe">What holds where the command line says nothing; null takes the defaults.</param>
    public TuneOptions Read(ParseResult arguments, string? template, TuneOptions? recipe = null)
    {
        bool isFull = IsFull(arguments);
        TuneOptions defaults = recipe ?? new TuneOptions
        {
            IsFull = isFull,
            LearningRate = _isNewModel ? NewModel.LearningRate
                : isFull ? TuneOptions.FullLearningRate
                : new TuneOptions().LearningRate,
        };
        TuneOptions read = _all.Aggregate(
            defaults with { Template = template }, (options, argument) => argument.Apply(arguments, options));
        return _estimate.AddTo(read, arguments);
    }

    private static IEnumerable<TuneArgument> AdapterArguments() =>
    [
        TuneArgument.Number(
            NumberOption.Whole("--rank", "Rank of the adapter; 8 by default.", 1),
            (options, rank) => options with { Rank = rank }),
        TuneArgument.Number(
            NumberOption.Fraction(
                "--alpha", "Strength: the change is scaled by alpha / rank; twice the rank by default."),
            (options, alpha) => options with { Alpha = (float)alpha }),
        TuneArgument.Flag(
            "--rslora", "Scales by alpha / √rank instead.", options => options with { IsRankStabilised = true }),
        TuneArgument.Flag(
            "--dora",
            "Trains the magnitude of each row as well (DoRA).",
            options => options with { IsWeightDecomposed = true }),
        TuneArgument.Number(
            NumberOption.Fraction(
                "--dropout", "Share of the adapter's inputs that become zero in each step; 0 by default."),
            (options, share) => options with { Dropout = share }),
        TuneArgument.Text(
            "--targets",
            "NAMES",
            "Matrices to adapt, with commas between, such as q_proj,v_proj; all-linear by default.",
            (options, names) => options with { Targets = names.Split(',', StringSplitOptions.TrimEntries) }),
        TuneArgument.Number(
            new Option<double?>("--loraplus")
            {
                Description =
                    "The learning rate of B is this much times that of A (LoRA+); 1 by default, 16 is usual.",
                HelpName = "RATIO",
                CustomParser = NumberOption.ParseFraction,
            },
            (options, ratio) => options with { LoraPlusRatio = ratio }),
    ];

    private static IEnumerable<TuneArgument> LearningArguments() =>
    [
        TuneArgument.Number(
            NumberOption.Fraction("--lr", "Learning rate; 2e-4 by default, 2e-5 with --full, 1e-3 for a new model."),
            (options, rate) => options with { LearningRate = rate }),
        TuneArgument.Text(
            "--optimizer",
            "NAME",
            $"What moves the weights: {string.Join(", ", OptimiserKinds.All.Select(entry => entry.Name))}, which " +
            "needs a quarter of the memory; the first by default.",
            (options, name) => options with { Optimiser = name }),
        TuneArgument.Number(
            NumberOption.Fraction("--beta2", "AdamW's beta2; 0.999 by default."),
            (options, value) => options with { Beta2 = value }),
        TuneArgument.Text(
            "--schedule",
            "NAME",
            "How the learning rate falls: " +
            $"{string.Join(", ", LearningRateSchedules.All.Select(entry => entry.Name))}; the first by default.",
            (options, name) => options with { Schedule = name }),
        TuneArgument.Number(
            NumberOption.Whole("--warmup", "Steps over which the learning rate climbs; 3 of 100 by default."),
            (options, steps) => options with { WarmupSteps = steps, WarmupShare = null }),
        TuneArgument.Number(
            NumberOption.Fraction("--warmup-ratio", "The same as a share of all steps, such as 0.03."),
            (options, share) => options with { WarmupSteps = null, WarmupShare = share }),
        TuneArgument.Number(
            NumberOption.Whole("--steps", "Steps; as the epochs have it by default.", 1),
            (options, steps) => options with { Steps = steps }),
        TuneArgument.Number(
            NumberOption.Fraction("--epochs", "How often everything is learnt from; 3 by default."),
            (options, epochs) => options with { Epochs = epochs }),
        TuneArgument.Number(
            NumberOption.Seed("The same seed gives the same adapter; 0 by default."),
            (options, seed) => options with { Seed = seed }),
        TuneArgument.Number(
            NumberOption.Fraction(
                "--clip", "Gradients with a larger norm are scaled down to it, 0 leaves them; 1 by default."),
            (options, norm) => options with { ClipNorm = norm }),
        TuneArgument.Number(
            NumberOption.Fraction("--weight-decay", "Weight decay; 0.01 by default."),
            (options, decay) => options with { WeightDecay = decay }),
    ];

    private static IEnumerable<TuneArgument> DataArguments() =>
    [
        TuneArgument.Number(
            NumberOption.Whole(
                "--context", "Tokens of a sequence at most; the model's context by default, but no more than 512.", 2),
            (options, length) => options with { ContextLength = length }),
        TuneArgument.Number(
            NumberOption.Whole("--batch", "Contexts that go through the model at a time; 4 by default.", 1),
            (options, size) => options with { BatchSize = size }),
        TuneArgument.Number(
            NumberOption.Whole("--accumulate", "Batches that make one step; 1 by default.", 1),
            (options, count) => options with { Accumulation = count }),
        TuneArgument.Flag(
            "--no-packing",
            "A context holds one record, however short: --batch counts records, as in most programs.",
            options => options with { IsPacked = false }),
        TuneArgument.Text(
            TrainOn(),
            (options, what) => options with { LearnsInputs = what == "inputs" }),
        TuneArgument.Number(
            new Option<double?>("--validation")
            {
                Description =
                    "What is held out, and the loss on it measured: a share of the data below 1, or so many records; " +
                    "0 by default.",
                HelpName = "SHARE|N",
                CustomParser = NumberOption.ParseFraction,
            },
            HoldOut),
        TuneArgument.Text(FormatOption.Create(), (options, name) => options with { Format = name }),
        TuneArgument.Text(DataLicenseOption.Create(), (options, terms) => options with { DataLicense = terms }),
    ];

    private static IEnumerable<TuneArgument> RunArguments() =>
    [
        TuneArgument.Number(
            NumberOption.Whole(
                "--validate-every",
                "Steps from one measurement of what is held out to the next; 4 measurements by default, 20 with " +
                "--patience.",
                1),
            (options, steps) => options with { ValidateEvery = steps }),
        TuneArgument.Number(
            NumberOption.Whole(
                "--patience", "Stops after so many measurements of what is held out without a better one.", 1),
            (options, count) => options with { Patience = count }),
        TuneArgument.Text(
            "--keep",
            "WHICH",
            "What is written: best, the numbers with the lowest loss on what is held out, which is the default with " +
            "--validation; or last.",
            (options, which) => options with { Keeps = which }),
        TuneArgument.Flag(
            "--restart",
            "Drops the checkpoint of a run that was broken off, which is refused otherwise, and begins anew.",
            options => options with { Checkpoints = options.Checkpoints with { Restarts = true } }),
        TuneArgument.Number(
            new Option<double?>("--checkpoint-every")
            {
                Description =
                    "Minutes from one checkpoint to the next; 2 by default, more where writing one takes long.",
                HelpName = "MINUTES",
                CustomParser = NumberOption.ParseFraction,
            },
            (options, minutes) => minutes is >= 0 and <= MostMinutes
                ? options with { Checkpoints = options.Checkpoints with { Interval = TimeSpan.FromMinutes(minutes) } }
                : throw new UsageException($"--checkpoint-every takes 0 to {MostMinutes} minutes, not {minutes}")),
        TuneArgument.Number(
            NumberOption.Whole("--checkpoint-steps", "Steps from one checkpoint to the next as well.", 1),
            (options, steps) => options with { Checkpoints = options.Checkpoints with { Steps = steps } }),
    ];

    private static Option<string?> TrainOn()
    {
        Option<string?> option = new("--train-on")
        {
            Description = "What is learnt of a conversation: answers, or inputs too; answers by default.",
            HelpName = "answers|inputs",
        };
        option.AcceptOnlyFromAmong("answers", "inputs");
        return option;
    }

    private static TuneOptions HoldOut(TuneOptions options, double amount) => amount switch
    {
        < 1 => options with { ValidationShare = amount, ValidationCount = null },
        <= int.MaxValue when amount == Math.Floor(amount) =>
            options with { ValidationShare = 0, ValidationCount = (int)amount },
        _ => throw new UsageException($"--validation takes a share below 1 or a number of records, not {amount}"),
    };
}
