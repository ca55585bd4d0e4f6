using System.Globalization;
using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Training.Optimisation;

namespace Chaku.Training.Estimation;

/// <summary>A change of the options, and what the run would hold then.</summary>
/// <param name="Options">As the command line writes them.</param>
/// <param name="TotalBytes">The peak.</param>
internal sealed record Remedy(string Options, long TotalBytes);

/// <summary>What would make a run fit that does not, found by trying.</summary>
/// <param name="model">The model.</param>
/// <param name="plan">Estimates.</param>
/// <param name="options">What was asked for.</param>
/// <param name="contextLength">Tokens of a sequence at most.</param>
internal sealed class MemoryAdvice(LanguageModel model, MemoryPlan plan, TuneOptions options, int contextLength)
{
    private const int ShortestContext = 64;

    /// <summary>Each change that is enough alone; where none is, the fewest in their order that are together.</summary>
    /// <param name="shape">The run that does not fit.</param>
    public IReadOnlyList<Remedy> For(TrainingShape shape)
    {
        Remedy[] alone = [.. Changes(shape).Select(Mildest).OfType<Remedy>()];
        return alone.Length > 0 ? alone : Together(shape) is { } all ? [all] : [];
    }

    /// <summary>The message of a refusal.</summary>
    public string Refusal(TrainingShape shape)
    {
        MemoryEstimate estimate = plan.Estimate(shape);
        string parts = string.Join(", ", estimate.Parts.Where(part => part.Bytes >= estimate.TotalBytes / 100)
            .Select(part => $"{part.Name} {Gigabytes(part.Bytes)}"));
        IReadOnlyList<Remedy> remedies = For(shape);
        string advice = remedies.Count == 0
            ? "no option makes it fit: take a smaller model"
            : "what would fit: " + string.Join(
                ", or ", remedies.Select(remedy => $"{remedy.Options} ({Gigabytes(remedy.TotalBytes)} GB)"));
        return $"the run would hold {Gigabytes(estimate.TotalBytes)} GB of memory ({parts}), " +
            $"and {Gigabytes(plan.AvailableBytes)} GB are free; {advice}; --no-memory-check begins all the same";
    }

    private static string Gigabytes(long bytes) => (bytes / 1e9).ToString("0.00", CultureInfo.InvariantCulture);

    // For each kind of change, the possible ones, the mildest first.
    private IEnumerable<IEnumerable<Change>> Changes(TrainingShape shape) =>
    [
        Checkpointing(shape), Batches(shape), Contexts(shape), Optimisers(shape), Adapters(shape),
    ];

    private Remedy? Mildest(IEnumerable<Change> changes) => changes
        .Where(change => plan.Fits(change.Shape))
        .Select(change => new Remedy(change.Options, plan.Estimate(change.Shape).TotalBytes))
        .FirstOrDefault();

    private Remedy? Together(TrainingShape shape)
    {
        List<string> taken = [];
        for (int kind = 0; kind < Changes(shape).Count(); kind++)
        {
            Change? last = null;
            foreach (Change change in Changes(shape).ElementAt(kind))
            {
                last = change;
                if (plan.Fits(change.Shape))
                {
                    break;
                }
            }

            if (last is not null)
            {
                shape = last.Shape;
                taken.Add(last.Options);
            }

            if (plan.Fits(shape))
            {
                return new Remedy(string.Join(" ", taken), plan.Estimate(shape).TotalBytes);
            }
        }

        return null;
    }

    private static IEnumerable<Change> Checkpointing(TrainingShape shape) => shape.UsesGradientCheckpointing
        ? []
        : [new Change("--gradient-checkpointing on", shape with { UsesGradientCheckpointing = true })];

    private IEnumerable<Change> Batches(TrainingShape shape)
    {
        for (int batch = options.BatchSize / 2; batch >= 1; batch /= 2)
        {
            int accumulation = options.Accumulation * ((options.BatchSize + batch - 1) / batch);
            yield return new Change(
                string.Create(CultureInfo.InvariantCulture, $"--batch {batch} --accumulate {accumulation}"),
                Scaled(shape, (long)batch * contextLength));
        }
    }

    private IEnumerable<Change> Contexts(TrainingShape shape)
    {
        // The batch may have been made smaller before.
        long share = Math.Max(1, Math.Min(options.BatchSize, shape.TokenCount / contextLength));
        for (int context = contextLength / 2; context >= ShortestContext; context /= 2)
        {
            yield return new Change(
                string.Create(CultureInfo.InvariantCulture, $"--context {context}"), Scaled(shape, context * share));
        }
    }

    private IEnumerable<Change> Optimisers(TrainingShape shape) =>
        from kind in OptimiserKinds.All
        where plan.Estimate(shape with { Optimiser = kind }).OptimiserBytes < plan.Estimate(shape).OptimiserBytes
        select new Change($"--optimizer {kind.Name}", shape with { Optimiser = kind });

    private IEnumerable<Change> Adapters(TrainingShape shape)
    {
        if (!shape.IsFull)
        {
            return [];
        }

        int rank = new TuneOptions().Rank;
        long count = AdaptableLinears.Of(model).Select([AdaptableLinears.AllLinear])
            .Sum(target => (long)rank * (target.Linear.InputSize + target.Linear.OutputSize));
        return
        [
            new Change(
                "an adapter, without --full", shape with { IsFull = false, Rank = rank, ParameterCount = count }),
        ];
    }

    private static TrainingShape Scaled(TrainingShape shape, long tokenCapacity)
    {
        int tokenCount = (int)Math.Min(shape.TokenCount, tokenCapacity);
        double share = (double)tokenCount / shape.TokenCount;
        return shape with
        {
            TokenCount = tokenCount,
            SequenceCount = Math.Max(1, (int)Math.Ceiling(shape.SequenceCount * share)),
        };
    }

    private sealed record Change(string Options, TrainingShape Shape);
}
