using Chaku.Model;
using Chaku.Training.Datasets;
using Chaku.Training.Optimisation;

namespace Chaku.Training.Estimation;

/// <summary>What a run will take, worked out before its first step.</summary>
/// <param name="Memory">The peak of memory, by part.</param>
/// <param name="AvailableBytes">What the process may hold.</param>
/// <param name="UsesGradientCheckpointing">Whether layers are computed again in the backward.</param>
/// <param name="Cost">Time, energy and money.</param>
internal sealed record TuningEstimate(
    MemoryEstimate Memory, long AvailableBytes, bool UsesGradientCheckpointing, RunCost Cost)
{
    // An epoch can have more micro-batches than anyone wants to look through before a run.
    private const int MostStepsLookedAt = 1000;

    /// <summary>
    /// Memory before anything of it is taken: decides about gradient checkpointing, and refuses what does not fit.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="target">What is trained.</param>
    /// <param name="optimiser">The optimiser.</param>
    /// <param name="batches">The micro-batches.</param>
    /// <param name="validation">What is held out.</param>
    /// <returns>Its cost is still 0.</returns>
    /// <exception cref="TrainingException">It does not fit; the message says what would.</exception>
    public static TuningEstimate OfMemory(
        LanguageModel model,
        TuneOptions options,
        TuningTarget target,
        OptimiserKind optimiser,
        BatchPlan batches,
        TrainingSet validation)
    {
        (int tokenCount, int sequenceCount) = Largest(batches, validation);
        TrainingShape shape = TrainingShape.Of(
            options, optimiser, target.ParameterCount, tokenCount, sequenceCount);
        MemoryPlan plan = Plan(model, options, options.IsFull ? 0 : sizeof(float) * target.ParameterCount);
        int contextLength = batches.TokenCapacity / options.BatchSize;
        return Checked(model, options, plan, shape, contextLength);
    }

    /// <summary>Refuses a model that cannot be trained whole before its weights are copied into memory.</summary>
    /// <param name="path">The model's file.</param>
    /// <param name="options">What is asked for; nothing happens where it is an adapter.</param>
    /// <exception cref="TrainingException">It does not fit; the message says what would.</exception>
    /// <exception cref="ModelFormatException">The file is no model that this software runs.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static void RequireWholeFits(string path, TuneOptions options)
    {
        if (!options.IsFull || !options.ChecksMemory)
        {
            return;
        }

        using LanguageModel model = LanguageModel.Load(path, new ModelOptions { ThreadCount = 1, Repack = false });
        int contextLength = Tuning.ContextLengthOf(model, options);
        OptimiserKind optimiser = OptimiserKinds.All.FirstOrDefault(kind => kind.Name == options.Optimiser)
            ?? OptimiserKinds.All[0];

        // The data are not read yet: a single token is the least that they can be.
        TrainingShape shape = TrainingShape.Of(options, optimiser, MemoryPlan.WeightCount(model), 1, 1);
        Checked(model, options, Plan(model, options, heldBytes: 0), shape, contextLength);
    }

    /// <summary>The estimate with the cost of the whole run, of which a part is done and thrown away.</summary>
    /// <param name="trainer">Before its first step.</param>
    /// <param name="microBatch">The first that it will learn from.</param>
    /// <param name="optimiser">Its optimiser.</param>
    /// <param name="work">What the run will do.</param>
    /// <param name="threadCount">Threads at work.</param>
    /// <param name="cancellation">Stops between measurements.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public TuningEstimate Probed(
        Trainer trainer,
        IReadOnlyList<TrainingSequence> microBatch,
        OptimiserKind optimiser,
        RunWork work,
        int threadCount,
        CancellationToken cancellation)
    {
        PowerMeter meter = new(Cost.Tariff, threadCount);
        TimeProbe probe = TimeProbe.Measure(
            trainer, microBatch, optimiser, work.TokenCount, work.HeldOutTokenCount, cancellation);
        return this with
        {
            Cost = meter.Read().Over(
                (probe.SecondsPerToken * work.TokenCount)
                + (probe.SecondsPerHeldOutToken * work.HeldOutTokenCount)
                + (probe.SecondsPerNumber * work.UpdateCount)),
        };
    }

    private static MemoryPlan Plan(LanguageModel model, TuneOptions options, long heldBytes)
    {
        MemoryPlan plan = new(model, heldBytes);
        return options.MemoryLimitBytes is { } limit
            ? new MemoryPlan(model, heldBytes) { AvailableBytes = Math.Min(limit, plan.AvailableBytes) }
            : plan;
    }

    private static TuningEstimate Checked(
        LanguageModel model, TuneOptions options, MemoryPlan plan, TrainingShape shape, int contextLength)
    {
        shape = plan.Fit(shape, options.GradientCheckpointing);
        if (options.ChecksMemory && !plan.Fits(shape))
        {
            throw new TrainingException(new MemoryAdvice(model, plan, options, contextLength).Refusal(shape));
        }

        return new TuningEstimate(
            plan.Estimate(shape),
            plan.AvailableBytes,
            shape.UsesGradientCheckpointing,
            new RunCost(0, 0, EnergySource.UpperBound, options.Tariff));
    }

    // Tokens and sequences of the largest micro-batch of an epoch, or of what is held out.
    private static (int TokenCount, int SequenceCount) Largest(BatchPlan batches, TrainingSet validation)
    {
        int tokenCount = 1;
        int sequenceCount = 1;
        for (long step = 0; step < Math.Min(MostStepsLookedAt, batches.StepsPerEpoch); step++)
        {
            foreach (IReadOnlyList<TrainingSequence> microBatch in batches.Step(step))
            {
                tokenCount = Math.Max(tokenCount, microBatch.Sum(sequence => sequence.Tokens.Length));
                sequenceCount = Math.Max(sequenceCount, microBatch.Count);
            }
        }

        int heldOut = (int)Math.Min(validation.TokenCount, batches.TokenCapacity);
        return (Math.Max(tokenCount, heldOut), sequenceCount);
    }
}

/// <summary>What a run will do, each thing as often as it is done.</summary>
/// <param name="TokenCount">Tokens that are learnt from.</param>
/// <param name="HeldOutTokenCount">Tokens that the loss is measured on.</param>
/// <param name="UpdateCount">Numbers that the optimiser updates.</param>
internal sealed record RunWork(double TokenCount, double HeldOutTokenCount, double UpdateCount);
