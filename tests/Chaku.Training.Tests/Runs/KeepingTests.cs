using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Files;
using Chaku.Training.Runs;

namespace Chaku.Training.Tests.Runs;

public sealed class KeepingTests
{
    // Which letters there are can be learnt for what is held out as well; their order only by heart.
    private static readonly TuneOptions Overfitting = TuningSample.Options with
    {
        ValidationShare = 0.2,
        ValidateEvery = 1,
        LearningRate = 0.1,
        Rank = 8,
        BatchSize = 4,
        Steps = 30,
        Dropout = 0,
        Schedule = "constant",
    };

    [Fact]
    public void The_numbers_with_the_lowest_held_out_loss_are_written()
    {
        using TuningSample sample = new(RandomText());

        TuneReport report = sample.Run("x", Overfitting);

        HeldOutLoss best = report.HeldOut.Skip(1).MinBy(measured => measured.Loss)!;
        Assert.InRange(best.Step, 1, 29);
        Assert.Equal((best.Step, best.Loss), (report.KeptStep, report.ValidationAfter));
        Assert.Equal((RunEnd.Complete, 30L), (report.End, report.StepsDone));
        Assert.Equal(best.Step, Read(sample, "x").Origin.Step);

        // The same numbers as of a run that was stopped there.
        using CancellationTokenSource stop = new();
        TuneProgress progress = new()
        {
            OnStep = step =>
            {
                if (step.Number == best.Step)
                {
                    stop.Cancel();
                }
            },
        };
        sample.Resume("short", Overfitting with { Keeps = "last" }, progress, cancellation: stop.Token);
        Assert.Equal(Numbers(Read(sample, "short")), Numbers(Read(sample, "x")));
    }

    [Fact]
    public void The_last_are_written_where_that_is_asked_for()
    {
        using TuningSample sample = new(RandomText());

        TuneReport report = sample.Run("x", Overfitting with { Keeps = "last" });

        Assert.Equal((30L, report.HeldOut[^1].Loss), (report.KeptStep, report.ValidationAfter));
    }

    [Fact]
    public void A_run_that_gets_no_better_stops()
    {
        using TuningSample sample = new(RandomText());

        TuneReport report = sample.Run("x", Overfitting with { Patience = 3 });

        Assert.Equal(RunEnd.StoppedEarly, report.End);
        Assert.Equal(report.StepsDone - 3, report.KeptStep);
        Assert.True(report.StepsDone < 30);
        Assert.Null(sample.Resume("x", Overfitting with { Patience = 3 }));
    }

    [Fact]
    public void A_base_that_is_no_worse_is_said()
    {
        // Each text is of a letter of its own: what is learnt makes those that are held out less likely.
        using TuningSample sample = new(
            string.Join("\n\n", Enumerable.Range(0, 20).Select(i => new string((char)('a' + i), 30))));

        sample.Run("x", Overfitting with { Keeps = "last" });

        Assert.Contains("no worse", Assert.Single(sample.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_without_anything_held_out_are_refused()
    {
        using TuningSample sample = new();
        TuneOptions nothing = TuningSample.Options;

        Refuse(nothing with { Patience = 2 }, "--validation");
        Refuse(nothing with { ValidateEvery = 2 }, "--validation");
        Refuse(nothing with { Keeps = "best" }, "--validation");
        Refuse(nothing with { Keeps = "worst" }, "not 'worst'");
        Refuse(Overfitting with { Patience = 0 }, "patience");
        Refuse(Overfitting with { ValidateEvery = 0 }, "at least one step");
        Refuse(nothing with { Checkpoints = new() { Steps = 0 } }, "at least one step");
        Refuse(nothing with { Checkpoints = new() { Interval = TimeSpan.FromSeconds(-1) } }, "0 or more");

        void Refuse(TuneOptions options, string named) => Assert.Contains(
            named, Assert.Throws<TrainingException>(() => sample.Run("x", options)).Message, StringComparison.Ordinal);
    }

    private static string RandomText()
    {
        Random random = new(1);
        return string.Concat(Enumerable.Range(0, 500).Select(_ => (char)random.Next('a', 'z' + 1)));
    }

    private static LoraAdapter Read(TuningSample sample, string name)
    {
        using LanguageModel model = sample.Load();
        return AdapterReader.Read(
            sample.InFolder(name),
            model,
            ContentHashCache.ForUser(),
            cancellation: TestContext.Current.CancellationToken).Adapter;
    }

    private static float[] Numbers(LoraAdapter adapter) =>
        [.. adapter.Factors.Values.SelectMany(pair => pair.AValues.ToArray().Concat(pair.TransposedBValues.ToArray()))];
}
