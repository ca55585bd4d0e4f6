using Chaku.Model.Adapters;
using Chaku.Training.Datasets;
using Chaku.Training.Estimation;
using Chaku.Training.Runs;

namespace Chaku.Training;

/// <summary>
/// What a tuning run is asked for. The same options, data and base give the same adapter, byte for byte; whatever has a
/// part in that is named in <see cref="TuneIdentity"/>.
/// </summary>
internal sealed record TuneOptions
{
    /// <summary>The usual learning rate where all weights are trained: Alpaca's and Vicuna's.</summary>
    public const double FullLearningRate = 2e-5;

    /// <summary>Trains all weights instead of an adapter.</summary>
    public bool IsFull { get; init; }

    /// <summary>r.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>α; twice the rank where it is not given.</summary>
    public float? Alpha { get; init; }

    /// <summary>Scales by α / √r instead of α / r.</summary>
    public bool IsRankStabilised { get; init; }

    /// <summary>Trains magnitudes of rows beside the factors: DoRA.</summary>
    public bool IsWeightDecomposed { get; init; }

    /// <summary>Share of the adapter's inputs that become zero, in [0, 1).</summary>
    public double Dropout { get; init; }

    /// <summary>Names of linear layers, or all of them but the output head.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [AdaptableLinears.AllLinear];

    /// <summary>Whether an option that only an adapter has is set.</summary>
    public bool AsksForAdapter =>
        Rank != new TuneOptions().Rank || Alpha is not null || IsRankStabilised || IsWeightDecomposed || Dropout != 0
        || LoraPlusRatio != 1 || !Targets.SequenceEqual(new TuneOptions().Targets);

    /// <summary>The largest learning rate.</summary>
    public double LearningRate { get; init; } = 2e-4;

    /// <summary>What the learning rate of B is multiplied with, and A's is not: LoRA+.</summary>
    public double LoraPlusRatio { get; init; } = 1;

    /// <summary>A name of <see cref="Optimisation.OptimiserKinds.All"/>.</summary>
    public string Optimiser { get; init; } = Optimisation.OptimiserKinds.All[0].Name;

    /// <summary>A name of <see cref="Optimisation.LearningRateSchedules.All"/>.</summary>
    public string Schedule { get; init; } = Optimisation.LearningRateSchedules.All[0].Name;

    /// <summary>
    /// Steps over which the learning rate climbs; where <see cref="WarmupShare"/> is given too, no more than that.
    /// </summary>
    public long? WarmupSteps { get; init; }

    /// <summary>
    /// The same as a share of all steps, in [0, 1]; where neither is given it is 3 of 100, Vicuna's share.
    /// </summary>
    public double? WarmupShare { get; init; }

    /// <summary>Steps; null takes what the epochs need.</summary>
    public long? Steps { get; init; }

    /// <summary>How often every sequence is seen, where no steps are given.</summary>
    public double Epochs { get; init; } = 3;

    /// <summary>Fixes the adapter's start, the order of the data, and dropout.</summary>
    public ulong Seed { get; init; }

    /// <summary>Tokens of a sequence at most; null takes the model's context, but no more than 512.</summary>
    public int? ContextLength { get; init; }

    /// <summary>Contexts that go through the model at a time.</summary>
    public int BatchSize { get; init; } = 4;

    /// <summary>Micro-batches of a step.</summary>
    public int Accumulation { get; init; } = 1;

    /// <summary>
    /// Whether a context holds as many sequences as fit; else <see cref="BatchSize"/> counts sequences, as most
    /// programs count.
    /// </summary>
    public bool IsPacked { get; init; } = true;

    /// <summary>Gradients with a larger norm are scaled down to it; 0 leaves them.</summary>
    public double ClipNorm { get; init; } = 1;

    /// <summary>Decoupled weight decay.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>When layers are computed again in the backward instead of being kept.</summary>
    public GradientCheckpointing GradientCheckpointing { get; init; }

    /// <summary>Whether a run that would not fit into memory is refused.</summary>
    public bool ChecksMemory { get; init; } = true;

    /// <summary>Bytes of memory that the run may hold; null for all that there are.</summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>What energy and the machine cost, for the estimate and the report.</summary>
    public Tariff Tariff { get; init; } = new();

    /// <summary>AdamW's β₂: how long the mean of squared gradients remembers.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Whether everything of a conversation is learnt, the questions too.</summary>
    public bool LearnsInputs { get; init; }

    /// <summary>Share of the data that is held out to measure the loss on, in [0, 1).</summary>
    public double ValidationShare { get; init; }

    /// <summary>
    /// Sequences that are held out; where <see cref="ValidationShare"/> is given too, no more than that.
    /// </summary>
    public int? ValidationCount { get; init; }

    /// <summary>What is learnt of the data, and what is held out.</summary>
    public DataUse Use => new()
    {
        LearnsInputs = LearnsInputs,
        ValidationShare = ValidationShare,
        ValidationCount = ValidationCount,
    };

    /// <summary>
    /// Steps from one measurement of what is held out to the next; null takes a share of the run.
    /// </summary>
    public long? ValidateEvery { get; init; }

    /// <summary>Stops after so many measurements without a better one; null never does.</summary>
    public int? Patience { get; init; }

    /// <summary>
    /// Which step's numbers are written: <c>best</c>, of the lowest loss on what is held out, or <c>last</c>; null
    /// takes the best where something is held out.
    /// </summary>
    public string? Keeps { get; init; }

    /// <summary>Whether the best measured numbers are written instead of the last.</summary>
    public bool KeepsBest => Use.HoldsOut && Keeps != "last";

    /// <summary>When checkpoints are written.</summary>
    public CheckpointOptions Checkpoints { get; init; } = new();

    /// <summary>Rank and strength of the adapter.</summary>
    public LoraSettings Adapter => new(Rank, Alpha ?? (2 * Rank), IsRankStabilised, IsWeightDecomposed);

    /// <summary>The chat template's name; null takes the recipe's, and without one the model's own.</summary>
    public string? Template { get; init; }

    /// <summary>The recipe that these come from, an entry of <see cref="TuneRecipes.All"/>; may be null.</summary>
    public string? Recipe { get; init; }

    /// <summary>The recipe's chat template, for data that need one.</summary>
    public string? RecipeTemplate { get; init; }

    /// <summary>The terms that the data are under; null looks for what states them.</summary>
    public string? DataLicense { get; init; }

    /// <summary>The data set's format, as <see cref="Datasets.Dataset.Read"/> takes it; null recognises it.</summary>
    public string? Format { get; init; }
}
