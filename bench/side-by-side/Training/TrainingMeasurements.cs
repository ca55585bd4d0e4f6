using System.Text.Json.Nodes;
using Chaku.SideBySide.Engines;
using Chaku.SideBySide.Measuring;
using Chaku.Training.Datasets;
using Chaku.Training.Estimation;

namespace Chaku.SideBySide.Training;

/// <summary>A measurement of training, before it has a model.</summary>
/// <param name="Name">As the command line spells it.</param>
/// <param name="Create">Makes it, one or two; none where what it needs is missing.</param>
internal sealed record TrainingMeasurement(string Name, Func<TrainingBench, IEnumerable<Measurement>> Create);

/// <summary>The table of what is measured of training. A new measurement is one line here.</summary>
internal static class TrainingMeasurements
{
    private const string Ours = "Chaku";
    private const string Peer = "PyTorch";

    // The kernel forgets the greatest size of a process when this is written there.
    private const string ClearPath = "/proc/self/clear_refs";
    private const string ClearPeak = "5";

    /// <summary>Every measurement, in the order of the page.</summary>
    public static readonly IReadOnlyList<TrainingMeasurement> All =
    [
        new("step-512", Unmasked),
        new("records", Records),
        new("masking", Masking),
    ];

    /// <summary>Names of what <see cref="All"/> gives, in their order.</summary>
    public static readonly IReadOnlyList<string> Pages =
        ["step-512", "step-512-memory", "records", "records-memory", "masking"];

    private static IEnumerable<Measurement> Unmasked(TrainingBench bench)
    {
        TrainingSequence sequence = bench.Unmasked;
        return SpeedAndMemory(
            bench,
            "step-512",
            $"LoRA step on {TrainingBench.SequenceLength} tokens, all of them learnt",
            "tokens a second",
            [[sequence]],
            sequence.Tokens.Length);
    }

    private static IEnumerable<Measurement> Records(TrainingBench bench) => bench.Records() is { } batches
        ? SpeedAndMemory(
            bench,
            "records",
            $"LoRA steps on {bench.Training.BatchSize} instruction records each, answers learnt",
            "records a second",
            batches,
            batches.Sum(batch => batch.Count))
        : [];

    // What each leaves out, and what packing gives, measured on the same records.
    private static IEnumerable<Measurement> Masking(TrainingBench bench)
    {
        if (bench.Records() is not { } batches)
        {
            yield break;
        }

        double records = batches.Sum(batch => batch.Count);
        List<IReadOnlyList<TrainingSequence>> whole =
            [.. batches.Select(batch => batch.Select(TrainingBench.LearnAll).ToList())];
        yield return new Measurement(
            "masking",
            "Instruction records: what learning answers alone gives, and what packing gives",
            "records a second",
            [
                new("all learnt, one by one", () => records / Seconds(bench, whole, isPacked: false)),
                new("all learnt, packed", () => records / Seconds(bench, whole, isPacked: true)),
                new("answers learnt, one by one", () => records / Seconds(bench, batches, isPacked: false)),
                new("answers learnt, packed", () => records / Seconds(bench, batches, isPacked: true)),
            ])
        {
            Over = "all learnt, one by one",
        };
    }

    private static IEnumerable<Measurement> SpeedAndMemory(
        TrainingBench bench,
        string name,
        string title,
        string unit,
        IReadOnlyList<IReadOnlyList<TrainingSequence>> batches,
        double amount)
    {
        ForgetPeak();
        List<Contestant> speeds = [new(Ours, () => amount / Seconds(bench, batches, isPacked: true))];
        List<Contestant> peaks = [new(Ours, () => ProcessMemory.Read().PeakBytes / 1e9)];
        if (bench.Peer is { } peer)
        {
            speeds.Insert(
                0, new Contestant(Peer, () => amount / batches.Sum(batch => TrainingBench.PeerStep(peer, batch))));
            peaks.Insert(0, new Contestant(Peer, () => PeakOf(peer)));
        }

        yield return new Measurement(name, title, unit, speeds) { Over = Peer };
        yield return new Measurement(name + "-memory", $"{title}: memory at the peak", "GB", peaks)
        {
            Over = Peer,
            WarmsUp = false,
            MostRounds = 1,
        };
    }

    private static double Seconds(
        TrainingBench bench, IReadOnlyList<IReadOnlyList<TrainingSequence>> batches, bool isPacked) =>
        batches.Sum(batch => bench.Step(isPacked ? [batch] : [.. batch.Select(sequence => new[] { sequence })]));

    private static double PeakOf(PeerProcess peer) =>
        peer.Ask(new JsonObject { ["op"] = "peak" })["bytes"]!.GetValue<long>() / 1e9;

    private static void ForgetPeak()
    {
        if (File.Exists(ClearPath))
        {
            File.WriteAllText(ClearPath, ClearPeak);
        }
    }
}
