using Chaku.Model;
using Chaku.Training.Datasets;
using Chaku.Training.Optimisation;

namespace Chaku.Training;

/// <summary>What options say, checked, in the terms of the trainer.</summary>
internal static class TuneSettings
{
    private const double DefaultWarmupShare = 0.03;

    // More than any memory holds, and little enough that no count overflows.
    private const int MostBatchTokens = 1 << 26;

    /// <summary>Refuses options that cannot be.</summary>
    /// <exception cref="TrainingException">One cannot be; the message says what would.</exception>
    public static void Check(TuneOptions options, LanguageModel model, int contextLength)
    {
        Require(options.LearningRate is > 0 and < double.PositiveInfinity, "the learning rate is above 0");
        Require(
            options.LoraPlusRatio is > 0 and < double.PositiveInfinity, "the ratio of learning rates is above 0");
        Require(options.Dropout is >= 0 and < 1, "dropout is at least 0 and less than 1");
        Require(
            !options.IsFull || !options.AsksForAdapter,
            "where all weights are trained there is no adapter: leave its options out");
        Require(options.Tariff.Fault is null, options.Tariff.Fault ?? "");
        Require(options.ClipNorm >= 0, "the clipping norm is 0 or more");
        Require(options.WeightDecay >= 0, "the weight decay is 0 or more");
        Require(options.Beta2 is >= 0 and < 1, "beta2 is at least 0 and less than 1");
        Require(options.Steps is null or > 0, "there is at least one step");
        Require(options.Epochs is > 0 and < double.PositiveInfinity, "the epochs are above 0");
        Require(options.WarmupSteps is null or >= 0, "the warm-up has 0 steps or more");
        Require(options.WarmupShare is null or (>= 0 and <= 1), "the warm-up is a share of all steps, from 0 to 1");
        Require(options.BatchSize > 0 && options.Accumulation > 0, "batch and accumulation are 1 or more");
        Require(
            (long)contextLength * options.BatchSize <= MostBatchTokens,
            $"a batch has at most {MostBatchTokens} tokens");
        Require(contextLength is >= 2, "the context has at least 2 positions");
        Require(
            contextLength <= model.ContextLength, $"the context is no longer than the model's {model.ContextLength}");
        CheckMeasuring(options);
    }

    /// <summary>The trainer's settings, but the number of steps.</summary>
    /// <exception cref="TrainingException">A name is in no table.</exception>
    public static TrainingSettings Create(TuneOptions options)
    {
        LearningRateSchedule schedule =
            LearningRateSchedules.All.FirstOrDefault(candidate => candidate.Name == options.Schedule)
            ?? throw new TrainingException(
                $"the schedule is one of {string.Join(", ", LearningRateSchedules.All.Select(known => known.Name))}, " +
                $"not '{options.Schedule}'");
        OptimiserKind optimiser = OptimiserKinds.All.FirstOrDefault(candidate => candidate.Name == options.Optimiser)
            ?? throw new TrainingException(
                $"the optimiser is one of {string.Join(", ", OptimiserKinds.All.Select(known => known.Name))}, " +
                $"not '{options.Optimiser}'");
        TrainingSettings defaults = new() { StepCount = 0 };
        return defaults with
        {
            LearningRate = options.LearningRate,
            LoraPlusRatio = options.LoraPlusRatio,
            Schedule = schedule,
            OptimiserKind = optimiser,
            Optimiser = defaults.Optimiser with
            {
                Beta2 = options.Beta2,
                WeightDecay = options.WeightDecay,
            },
            ClipNorm = options.ClipNorm,
            DropoutRate = options.Dropout,
            Seed = options.Seed,
        };
    }

    /// <summary>The settings with the steps that the options or the data ask for.</summary>
    public static TrainingSettings WithSteps(TrainingSettings settings, TuneOptions options, BatchPlan batches)
    {
        long stepCount = options.Steps
            ?? Math.Max(1, checked((long)Math.Ceiling(options.Epochs * batches.StepsPerEpoch)));
        return settings with
        {
            StepCount = stepCount,
            WarmupCount = WarmupCount(options, stepCount),
        };
    }

    /// <summary>Refuses what does not meet a rule.</summary>
    /// <exception cref="TrainingException">It does not.</exception>
    public static void Require(bool isMet, string rule)
    {
        if (!isMet)
        {
            throw new TrainingException(rule);
        }
    }

    private static long WarmupCount(TuneOptions options, long stepCount)
    {
        double? share = options.WarmupShare ?? (options.WarmupSteps is null ? DefaultWarmupShare : null);
        long most = share is { } given ? (long)Math.Ceiling(given * stepCount) : stepCount;
        return Math.Min(options.WarmupSteps ?? most, most);
    }

    private static void CheckMeasuring(TuneOptions options)
    {
        Require(options.ValidateEvery is null or > 0, "there is at least one step from one measurement to the next");
        Require(options.Patience is null or > 0, "the patience is at least one measurement");
        Require(options.Checkpoints.Steps is null or > 0, "there is at least one step from a checkpoint to the next");
        Require(options.Checkpoints.Interval >= TimeSpan.Zero, "the time between checkpoints is 0 or more");
        bool isMeasured = options.ValidateEvery is not null || options.Patience is not null || options.Keeps == "best";
        Require(
            !isMeasured || options.Use.HoldsOut,
            "nothing is held out to measure on: give --validation SHARE, or leave out --validate-every, --patience " +
            "and --keep best");
        Require(
            options.Keeps is null or "best" or "last", $"the step to keep is best or last, not '{options.Keeps}'");
    }
}
