using System.Text.RegularExpressions;
using Chaku.Model;
using Chaku.Training.Estimation;
using Chaku.Training.Optimisation;

namespace Chaku.Training.Tests.Estimation;

/// <summary>What is done, and said, where memory is short; the memory that there is comes from the test.</summary>
public sealed partial class MemoryPlanTests
{
    private const int ContextLength = 512;

    private static readonly TuneOptions Options = new() { BatchSize = 8, ContextLength = ContextLength };

    private static readonly TrainingShape Shape = new()
    {
        TokenCount = 8 * ContextLength,
        SequenceCount = 8,
        ParameterCount = 20_000,
        Rank = 8,
        Optimiser = OptimiserKinds.All[0],
    };

    [Fact]
    public void Layers_are_kept_where_there_is_room_and_computed_again_where_there_is_none()
    {
        using TalkingModel files = new();
        using LanguageModel model = files.Load();
        MemoryPlan roomy = Plan(model, long.MaxValue);
        MemoryPlan tight = Plan(model, roomy.Estimate(Shape).TotalBytes);

        Assert.False(roomy.Fit(Shape, GradientCheckpointing.Auto).UsesGradientCheckpointing);
        Assert.True(roomy.Fit(Shape, GradientCheckpointing.On).UsesGradientCheckpointing);
        Assert.True(tight.Fit(Shape, GradientCheckpointing.Auto).UsesGradientCheckpointing);
        Assert.False(tight.Fit(Shape, GradientCheckpointing.Off).UsesGradientCheckpointing);
    }

    [Fact]
    public void Every_part_counts_and_checkpointing_shrinks_the_activations_alone()
    {
        using TalkingModel files = new();
        using LanguageModel model = files.Load();
        MemoryPlan plan = Plan(model, long.MaxValue);
        MemoryEstimate kept = plan.Estimate(Shape);
        MemoryEstimate again = plan.Estimate(Shape with { UsesGradientCheckpointing = true });

        Assert.All(kept.Parts, part => Assert.True(part.Bytes > 0, part.Name));
        Assert.Equal(kept.TotalBytes, kept.Parts.Sum(part => part.Bytes));
        Assert.Equal(1L << 40, (kept with { PeakBeforeBytes = 1L << 40 }).TotalBytes);
        Assert.True(again.ActivationBytes < kept.ActivationBytes);
        Assert.Equal(kept.CacheBytes, again.CacheBytes);
        Assert.Equal(2 * 2 * sizeof(float) * Shape.ParameterCount, kept.TrainedBytes + kept.OptimiserBytes);
    }

    [Fact]
    public void A_plan_knows_the_process_that_it_is_in()
    {
        using TalkingModel files = new();
        using LanguageModel model = files.Load();
        MemoryPlan plan = new(model, heldBytes: 0);

        Assert.True(plan.ProgramBytes > 1 << 20);
        Assert.True(plan.PeakBeforeBytes > 1 << 20);
        Assert.True(plan.AvailableBytes > 1 << 20);
    }

    [Fact]
    public void A_refusal_names_numbers_and_changes_that_fit()
    {
        using TalkingModel files = new();
        using LanguageModel model = files.Load();
        MemoryPlan plan = Plan(model, Needs(model, Shape with { UsesGradientCheckpointing = true }));
        MemoryAdvice advice = new(
            model, plan, Options with { GradientCheckpointing = GradientCheckpointing.Off }, ContextLength);

        IReadOnlyList<Remedy> remedies = advice.For(Shape);
        string message = advice.Refusal(Shape);

        Assert.False(plan.Fits(Shape));
        Assert.Equal("--gradient-checkpointing on", remedies[0].Options);
        Assert.Equal(3, remedies.Count);
        Assert.All(remedies, remedy => Assert.True(remedy.TotalBytes <= plan.AvailableBytes));
        Assert.All(remedies, remedy => Assert.Contains(remedy.Options, message, StringComparison.Ordinal));
        Assert.Matches(Numbers(), message);
        Assert.Contains("--no-memory-check", message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_mildest_change_of_each_kind_is_named()
    {
        using TalkingModel files = new();
        using LanguageModel model = files.Load();
        TrainingShape shape = Shape with { UsesGradientCheckpointing = true };
        MemoryPlan plan = Plan(model, Needs(model, shape with { TokenCount = 2 * ContextLength, SequenceCount = 2 }));

        IReadOnlyList<Remedy> remedies = new MemoryAdvice(model, plan, Options, ContextLength).For(shape);

        Assert.Equal(["--batch 2 --accumulate 4", "--context 128"], remedies.Select(remedy => remedy.Options));
    }

    [Fact]
    public void What_one_change_cannot_do_several_may()
    {
        using TalkingModel files = new();
        using LanguageModel model = files.Load();
        MemoryPlan plan = Plan(
            model,
            Needs(model, Shape with { TokenCount = 256, SequenceCount = 1, UsesGradientCheckpointing = true }));

        Remedy remedy = Assert.Single(new MemoryAdvice(model, plan, Options, ContextLength).For(Shape));

        Assert.Equal("--gradient-checkpointing on --batch 1 --accumulate 8 --context 256", remedy.Options);
    }

    [Fact]
    public void An_optimiser_in_8_bits_is_advised_where_its_means_are_what_is_large()
    {
        using TalkingModel files = new();
        using LanguageModel model = files.Load();
        TrainingShape shape = Shape with
        {
            ParameterCount = 100_000_000,
            TokenCount = 32,
            SequenceCount = 1,
            UsesGradientCheckpointing = true,
        };
        MemoryPlan plan = Plan(model, Needs(model, shape with { Optimiser = OptimiserKinds.All[1] }));

        MemoryAdvice advice = new(model, plan, Options with { BatchSize = 1 }, contextLength: 32);

        Assert.Equal("--optimizer adamw-8bit", Assert.Single(advice.For(shape)).Options);
    }

    [Fact]
    public void An_adapter_is_advised_where_all_weights_are_too_many()
    {
        using TalkingModel files = new();
        using LanguageModel model = files.Load();
        TrainingShape full = TrainingShape.Of(
            new TuneOptions { IsFull = true }, OptimiserKinds.All[0], 500_000_000, 512, 1);
        MemoryPlan plan = Plan(model, 2_000_000_000);

        MemoryAdvice advice = new(model, plan, Options with { IsFull = true, BatchSize = 1 }, ContextLength);

        Assert.Equal("an adapter, without --full", Assert.Single(advice.For(full)).Options);
    }

    [Fact]
    public void Where_nothing_helps_it_says_so()
    {
        using TalkingModel files = new();
        using LanguageModel model = files.Load();
        MemoryPlan plan = Plan(model, 1000);

        string message = new MemoryAdvice(model, plan, Options, ContextLength).Refusal(Shape);

        Assert.Contains("take a smaller model", message, StringComparison.Ordinal);
    }

    private static MemoryPlan Plan(LanguageModel model, long availableBytes) => new(model, heldBytes: 0)
    {
        AvailableBytes = availableBytes,
        ProgramBytes = 1_000_000,
        PeakBeforeBytes = 0,
    };

    private static long Needs(LanguageModel model, TrainingShape shape) =>
        Plan(model, long.MaxValue).Estimate(shape).TotalBytes;

    [GeneratedRegex("would hold [0-9.]+ GB of memory \\(.*activations [0-9.]+.*\\), and [0-9.]+ GB are free")]
    private static partial Regex Numbers();
}
