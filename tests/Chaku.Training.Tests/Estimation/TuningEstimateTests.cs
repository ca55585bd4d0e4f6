using Chaku.Model;
using Chaku.Training.Datasets;
using Chaku.Training.Estimation;

namespace Chaku.Training.Tests.Estimation;

/// <summary>The estimate as a tuning run makes it.</summary>
public sealed class TuningEstimateTests
{
    private static readonly string Text = string.Concat(Enumerable.Repeat(
        "The herd went up the hill in the morning. The brown one was called Killa, and she was nine years old.\n", 6));

    private static readonly TuneOptions Quick = new()
    {
        Steps = 3,
        Rank = 4,
        ContextLength = 32,
        BatchSize = 2,
        LearningRate = 1e-2,
        Dropout = 0.1,
        ValidationShare = 0.2,
    };

    [Fact]
    public void A_run_tells_what_it_will_take_and_what_it_took()
    {
        using TalkingModel files = new();
        using LanguageModel model = files.Load();
        TunePlan? told = null;
        Tariff tariff = new() { Watts = 50, PricePerHour = 1, Currency = "EUR" };

        TuneReport report = Tune(model, files, Quick with { Tariff = tariff }, plan => told = plan);

        TuningEstimate estimate = told!.Estimate;
        Assert.Same(estimate, report.Plan.Estimate);
        Assert.False(estimate.UsesGradientCheckpointing);
        Assert.True(estimate.Memory.TotalBytes <= estimate.AvailableBytes);
        Assert.True(estimate.Cost.Seconds > 0);
        Assert.Equal(EnergySource.Given, estimate.Cost.Source);
        Assert.Equal(50 * estimate.Cost.Seconds, estimate.Cost.Joules, 1e-6);
        Assert.Equal(report.ElapsedSeconds, report.Cost.Seconds);
        Assert.Equal(50, report.Cost.Watts, 1e-6);
        Assert.True(report.Cost.Money > report.Cost.Seconds / 3600);
        Assert.True(report.PeakMemoryBytes > 0);
    }

    [Fact]
    public void A_run_that_does_not_fit_is_refused_before_its_first_step_and_not_if_it_is_not_checked()
    {
        using TalkingModel files = new();
        using LanguageModel model = files.Load();
        TuneOptions options = Quick with { MemoryLimitBytes = 1_000_000 };

        TrainingException refused = Assert.Throws<TrainingException>(
            () => Tune(model, files, options, _ => Assert.Fail("it began")));
        TuneReport forced = Tune(model, files, options with { ChecksMemory = false });

        Assert.Contains("0.00 GB are free", refused.Message, StringComparison.Ordinal);
        Assert.Equal(3, forced.StepsDone);
        Assert.True(forced.Plan.Estimate.UsesGradientCheckpointing);
    }

    [Fact]
    public void Checkpointing_writes_the_same_adapter()
    {
        using TalkingModel files = new();
        using LanguageModel model = files.Load();

        Tune(model, files, Quick with { GradientCheckpointing = GradientCheckpointing.Off });
        byte[] kept = File.ReadAllBytes(Path.Combine(files.InFolder("out"), "adapter_model.safetensors"));
        Tune(model, files, Quick with { GradientCheckpointing = GradientCheckpointing.On });

        Assert.Equal(kept, File.ReadAllBytes(Path.Combine(files.InFolder("out"), "adapter_model.safetensors")));
    }

    [Fact]
    public void A_whole_model_that_does_not_fit_is_refused_before_its_weights_are_in_memory()
    {
        using TalkingModel files = new();
        TuneOptions options = new() { IsFull = true, MemoryLimitBytes = 1_000_000 };

        TrainingException refused = Assert.Throws<TrainingException>(
            () => TuningEstimate.RequireWholeFits(files.Path, options));
        TuningEstimate.RequireWholeFits(files.Path, options with { ChecksMemory = false });
        TuningEstimate.RequireWholeFits(files.Path, options with { MemoryLimitBytes = null });
        TuningEstimate.RequireWholeFits(files.Path, options with { IsFull = false });

        Assert.Contains("GB are free", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tariff_that_cannot_be_is_refused()
    {
        using TalkingModel files = new();
        using LanguageModel model = files.Load();

        TrainingException refused = Assert.Throws<TrainingException>(
            () => Tune(model, files, Quick with { Tariff = new Tariff { Watts = -1 } }));

        Assert.Equal("the watts are above 0", refused.Message);
    }

    [Theory]
    [InlineData(1000, 12, 20)]
    [InlineData(25, 12, 13)]
    [InlineData(14, 12, 2)]
    [InlineData(13, 12)]
    [InlineData(7, 7)]
    public void A_micro_batch_is_cut_with_its_share_of_trained_tokens(int tokenCount, params int[] lengths)
    {
        TrainingSequence[] whole =
        [
            new(new int[12], [.. Enumerable.Range(0, 12).Select(token => token >= 8)]),
            new(new int[20], [.. Enumerable.Range(0, 20).Select(token => token >= 16)]),
        ];

        IReadOnlyList<TrainingSequence> beginning = TimeProbe.Beginning(whole, tokenCount);

        Assert.Equal(lengths, beginning.Select(sequence => sequence.Tokens.Length));
        Assert.All(beginning, sequence => Assert.Equal(sequence.Tokens.Length, sequence.Trained.Length));
        Assert.All(beginning, sequence => Assert.InRange(sequence.TrainedCount, 1, 4));
    }

    private static TuneReport Tune(
        LanguageModel model, TalkingModel files, TuneOptions options, Action<TunePlan>? onStart = null) => Tuning.Run(
            model,
            files.Write("text.txt", Text),
            files.InFolder("out"),
            options,
            new TuneProgress { OnStart = onStart },
            TestContext.Current.CancellationToken);
}
