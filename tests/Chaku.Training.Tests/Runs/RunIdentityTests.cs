using System.Reflection;
using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Training.Datasets;
using Chaku.Training.Optimisation;
using Chaku.Training.Runs;

namespace Chaku.Training.Tests.Runs;

public sealed class RunIdentityTests
{
    // Each option with another value than its default. What is in no identity has its reason.
    private static readonly Dictionary<string, Func<TuneOptions, TuneOptions>> Changes = new()
    {
        [nameof(TuneOptions.IsFull)] = options => options with { IsFull = true },
        [nameof(TuneOptions.Rank)] = options => options with { Rank = 9 },
        [nameof(TuneOptions.Alpha)] = options => options with { Alpha = 9 },
        [nameof(TuneOptions.IsRankStabilised)] = options => options with { IsRankStabilised = true },
        [nameof(TuneOptions.IsWeightDecomposed)] = options => options with { IsWeightDecomposed = true },
        [nameof(TuneOptions.Dropout)] = options => options with { Dropout = 0.2 },
        [nameof(TuneOptions.Targets)] = options => options with { Targets = ["q_proj"] },
        [nameof(TuneOptions.LearningRate)] = options => options with { LearningRate = 0.1 },
        [nameof(TuneOptions.LoraPlusRatio)] = options => options with { LoraPlusRatio = 2 },
        [nameof(TuneOptions.Optimiser)] = options => options with { Optimiser = "adamw-8bit" },
        [nameof(TuneOptions.Schedule)] = options => options with { Schedule = "linear" },
        [nameof(TuneOptions.WarmupSteps)] = options => options with { WarmupSteps = 3 },
        [nameof(TuneOptions.WarmupShare)] = options => options with { WarmupShare = 0.5 },
        [nameof(TuneOptions.Steps)] = options => options with { Steps = 77 },
        [nameof(TuneOptions.Epochs)] = options => options with { Epochs = 20 },
        [nameof(TuneOptions.Seed)] = options => options with { Seed = 8 },
        [nameof(TuneOptions.ContextLength)] = options => options with { ContextLength = 20 },
        [nameof(TuneOptions.BatchSize)] = options => options with { BatchSize = 7 },
        [nameof(TuneOptions.Accumulation)] = options => options with { Accumulation = 7 },
        [nameof(TuneOptions.IsPacked)] = options => options with { IsPacked = false },
        [nameof(TuneOptions.Beta2)] = options => options with { Beta2 = 0.95 },
        [nameof(TuneOptions.LearnsInputs)] = options => options with { LearnsInputs = true },
        [nameof(TuneOptions.ClipNorm)] = options => options with { ClipNorm = 7 },
        [nameof(TuneOptions.WeightDecay)] = options => options with { WeightDecay = 0.5 },
        [nameof(TuneOptions.ValidationShare)] = options => options with { ValidationShare = 0.5 },
        [nameof(TuneOptions.ValidationCount)] = options => options with { ValidationCount = 5 },
        [nameof(TuneOptions.ValidateEvery)] = options => options with { ValidateEvery = 5 },
        [nameof(TuneOptions.Patience)] = options => options with { Patience = 5 },
        [nameof(TuneOptions.Keeps)] = options => options with { ValidationShare = 0.2, Keeps = "last" },
    };

    // They are in the identity through what is written, and the tokens that they give through the sequences.
    private static readonly string[] Elsewhere =
    [
        nameof(TuneOptions.Template), nameof(TuneOptions.RecipeTemplate), nameof(TuneOptions.Format),
        nameof(TuneOptions.Recipe), nameof(TuneOptions.DataLicense),
    ];

    private static readonly string[] WithoutEffect =
    [
        nameof(TuneOptions.Checkpoints), nameof(TuneOptions.GradientCheckpointing), nameof(TuneOptions.ChecksMemory),
        nameof(TuneOptions.MemoryLimitBytes), nameof(TuneOptions.Tariff),
    ];

    [Fact]
    public void Every_option_is_part_of_it_or_said_to_be_none()
    {
        foreach (PropertyInfo property in typeof(TuneOptions).GetProperties().Where(property => property.CanWrite))
        {
            bool isKnown = Changes.ContainsKey(property.Name) || Elsewhere.Contains(property.Name)
                || WithoutEffect.Contains(property.Name);
            Assert.True(isKnown, $"{property.Name} is to be a part of {nameof(TuneIdentity)}, or named here");
        }

        using TalkingModel files = new();
        using LanguageModel model = files.Load();
        TuneOptions options = new();
        RunIdentity identity = Of(model, options);
        Assert.Null(Of(model, options with { Checkpoints = new() { Steps = 5 } }).DifferenceFrom(identity));
        foreach ((string name, Func<TuneOptions, TuneOptions> change) in Changes)
        {
            TuneOptions before = name == nameof(TuneOptions.Keeps) ? options with { ValidationShare = 0.2 } : options;
            string? difference = Of(model, change(options)).DifferenceFrom(Of(model, before));
            Assert.True(difference is not null, $"another {name} is no other run");
        }
    }

    [Fact]
    public void Other_tokens_masks_and_base_are_another_run()
    {
        TrainingSet set = new([new([1, 2, 3], [false, true, true]), new([4, 5], [false, true])]);
        string hash = RunIdentity.HashOf(set);

        Assert.Equal(hash, RunIdentity.HashOf(new(set.Sequences)));
        Assert.NotEqual(hash, RunIdentity.HashOf(new([set.Sequences[1], set.Sequences[0]])));
        Assert.NotEqual(hash, RunIdentity.HashOf(new([new([1, 2, 3, 4, 5], [false, true, true, false, true])])));
        Assert.NotEqual(hash, RunIdentity.HashOf(new([new([1, 2, 3], [false, false, true]), set.Sequences[1]])));
    }

    [Fact]
    public void What_was_written_is_read()
    {
        RunIdentity identity = new([new("--lr", "0.01"), new("base_name", "a; b=c; %3B %"), new("gelu", "")]);
        RunIdentity strange = new([new("base_name", "a\nb\u0085\ud83d\ude00")]);

        Assert.Null(identity.DifferenceFrom(RunIdentity.Parse(identity.ToText())));
        Assert.Equal("--lr=0.01; base_name=a%3B b=c%3B %253B %25; gelu=", identity.ToText());
        Assert.Null(strange.DifferenceFrom(RunIdentity.Parse(strange.ToText())));
        Assert.DoesNotContain(strange.ToText(), char.IsControl);
        Assert.Equal("0.01", Assert.Single(identity.Options).Value);
        Assert.Throws<InvalidDataException>(() => RunIdentity.Parse("a=1; a=2"));
        Assert.Throws<InvalidDataException>(() => RunIdentity.Parse("nothing"));
        Assert.Throws<InvalidDataException>(() => RunIdentity.Parse(""));
    }

    [Fact]
    public void Differences_are_named_and_long_ones_cut()
    {
        RunIdentity before = new([new("a", "1"), new("b", new string('0', 64)), new("c", "x")]);
        RunIdentity now = new([new("a", "2"), new("b", new string('f', 64)), new("c", "x"), new("d", "\n")]);

        Assert.Equal(
            "a was 1 and is 2, b was 000000000000… and is ffffffffffff…, d was not stated and is \\u000a",
            now.DifferenceFrom(before));
        Assert.EndsWith(
            "and 5 more differ",
            new RunIdentity([.. Enumerable.Range(0, 9).Select(i => KeyValuePair.Create($"{i}", ""))])
                .DifferenceFrom(new([])),
            StringComparison.Ordinal);
    }

    private static RunIdentity Of(LanguageModel model, TuneOptions options)
    {
        TrainingSet set = new([.. Enumerable.Repeat(new TrainingSequence([1, 2], [false, true]), 100)]);
        int context = options.ContextLength ?? 32;
        BatchPlan batches = new(set.Sequences, context, options.BatchSize, options.Accumulation, options.Seed);
        TrainingSettings settings = TuneSettings.WithSteps(TuneSettings.Create(options), options, batches);
        AdapterOrigin origin = AdapterOrigin.On(model, new string('0', 64)) with { Seed = options.Seed };
        return TuneIdentity.Of(model, options, settings, new(1, set, new([]), []), origin, context);
    }
}
