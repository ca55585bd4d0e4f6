using System.Security.Cryptography;
using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Files;
using Chaku.Model.Licenses;

namespace Chaku.Training.Tests;

/// <summary>What a run writes of itself, and that it writes nothing of the day, the machine or the place.</summary>
public sealed class RunOriginTests
{
    private const string Records =
        """
        {"instruction": "Who went up?", "input": "", "output": "The herd."}
        {"instruction": "What was her name?", "input": "She was nine.", "output": "Killa."}
        """;

    private static readonly TuneOptions Quick = new()
    {
        Steps = 2,
        Rank = 2,
        ContextLength = 400,
        BatchSize = 1,
        Template = "alpaca",
        Targets = ["q_proj", "v_proj"],
        Seed = 7,
        DataLicense = "cc-by-nc-4.0",
        Recipe = "mine",
    };

    [Fact]
    public void The_same_run_in_another_place_at_another_time_writes_the_same_bytes()
    {
        using TalkingModel files = new();
        string first = files.Write("first.jsonl", Records);
        Directory.CreateDirectory(files.InFolder("elsewhere"));
        string second = files.Write(Path.Combine("elsewhere", "second.jsonl"), Records);
        File.SetLastWriteTimeUtc(second, new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));

        Tune(files, first, "one", Quick, threadCount: 1);
        Tune(files, second, Path.Combine("elsewhere", "two"), Quick, threadCount: 2);

        foreach (string name in (string[])[PeftFolder.ConfigName, PeftFolder.WeightsName])
        {
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(files.InFolder("one"), name)),
                File.ReadAllBytes(Path.Combine(files.InFolder("elsewhere"), "two", name)));
        }
    }

    [Fact]
    public void An_adapter_says_what_it_was_made_of()
    {
        using TalkingModel files = new();
        string data = files.Write("data.jsonl", Records);
        AdapterOrigin origin = Tune(files, data, "a", Quick);

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(data))), origin.DataSha256);
        Assert.Equal("alpaca", origin.DataFormat);
        Assert.Equal("cc-by-nc-4.0", origin.DataLicense);
        Assert.Null(origin.BaseLicense);
        Assert.Equal("commercial use forbidden: non-commercial, attribution", origin.License);
        Assert.Equal("alpaca", origin.Template);
        Assert.Equal(64, origin.TemplateSha256!.Length);
        Assert.Equal([2], origin.StopIds);
        Assert.Equal("mine", origin.Recipe);
        Assert.Equal(7ul, origin.Seed);
        Assert.Equal(AdapterOrigin.CurrentVersion, origin.Version);
        Assert.Equal(2, origin.Step);
        Assert.Equal(("no", "2", "2", "400"), (
            origin.Tuning["full"], origin.Tuning["rank"], origin.Tuning["steps"], origin.Tuning["context"]));
        using LanguageModel model = files.Load();
        Assert.Equal(
            ContentHash.Compute(model.Source.Content, null, TestContext.Current.CancellationToken), origin.BaseSha256);
    }

    [Fact]
    public void Every_setting_that_changes_the_result_changes_what_is_said()
    {
        using TalkingModel files = new();
        string data = files.Write("data.jsonl", Records);
        HashSet<string> seen = [];
        foreach (TuneOptions options in (TuneOptions[])
            [
                Quick, Quick with { LearningRate = 1e-3 }, Quick with { Steps = 3 }, Quick with { WarmupSteps = 2 },
                Quick with { Schedule = "linear" }, Quick with { Optimiser = "adamw-8bit" },
                Quick with { LoraPlusRatio = 4 }, Quick with { Dropout = 0.1 }, Quick with { ClipNorm = 0.5 },
                Quick with { WeightDecay = 0 }, Quick with { ContextLength = 399 }, Quick with { BatchSize = 2 },
                Quick with { Accumulation = 2 }, Quick with { ValidationShare = 0.5 }, Quick with { Seed = 8 },
                Quick with { IsWeightDecomposed = true }, Quick with { Recipe = "other" },
                Quick with { DataLicense = "mit" },
            ])
        {
            using LanguageModel model = files.Load();
            TunePlan? plan = null;
            using CancellationTokenSource stop = new();
            TuneProgress progress = new()
            {
                OnStart = started =>
                {
                    plan = started;
                    stop.Cancel();
                },
            };
            Assert.Throws<OperationCanceledException>(
                () => Tuning.Run(model, data, files.InFolder("a"), options, progress, stop.Token));
            Assert.True(seen.Add(string.Join('\n', AdapterMetadata.Write(plan!.Origin))), $"{options}");
        }
    }

    [Fact]
    public void A_run_that_is_stopped_says_how_far_it_came()
    {
        using TalkingModel files = new();
        string data = files.Write("data.jsonl", Records);
        using CancellationTokenSource stop = new();
        using LanguageModel model = files.Load();

        Tuning.Run(
            model,
            data,
            files.InFolder("a"),
            Quick with { Steps = 50, WarmupSteps = 0 },
            new TuneProgress { OnStep = _ => stop.Cancel() },
            stop.Token);

        using PeftFolder folder = PeftFolder.Open(files.InFolder("a"));
        Assert.Equal(("50", 1L), (folder.Origin.Tuning["steps"], folder.Origin.Step));
    }

    [Theory]
    [InlineData(null, null, true, null, "Unknown")]
    [InlineData(null, " mit ", true, "mit", "Unknown")]
    [InlineData("cc-by-nc-4.0", "mit", false, "cc-by-nc-4.0", "Forbidden")]
    public void A_licence_that_nothing_states_is_asked_for_once(
        string? stated, string? said, bool isAsked, string? expected, string use)
    {
        using TalkingModel files = new();
        string data = files.Write("data.jsonl", Records);
        int count = 0;
        TuneProgress progress = new()
        {
            OnUnknownLicense = () =>
            {
                count++;
                return said;
            },
        };
        using LanguageModel model = files.Load();

        TuneReport report = Tuning.Run(
            model, data, files.InFolder("a"), Quick with { DataLicense = stated }, progress,
            TestContext.Current.CancellationToken);

        Assert.Equal(isAsked ? 1 : 0, count);
        Assert.Equal(expected, report.Plan.Origin.DataLicense);
        Assert.Equal(use, $"{report.Plan.License.Commercial}");
    }

    [Fact]
    public void A_run_that_learns_nothing_is_refused_and_writes_nothing()
    {
        using TalkingModel files = new();
        string data = files.Write("data.jsonl", Records);
        using LanguageModel model = files.Load();

        string message = Assert.Throws<TrainingException>(() => Tuning.Run(
            model, data, files.InFolder("a"), Quick with { LearningRate = 1e-30, WeightDecay = 0 },
            cancellation: TestContext.Current.CancellationToken)).Message;

        Assert.StartsWith("nothing was learnt: of all 4 matrices", message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(files.InFolder("a"), PeftFolder.WeightsName)));
    }

    [Fact]
    public void The_report_has_the_change_of_every_matrix()
    {
        using TalkingModel files = new();
        string data = files.Write("data.jsonl", Records);
        using LanguageModel model = files.Load();

        AdapterEffect effect = Tuning.Run(
            model, data, files.InFolder("a"), Quick, cancellation: TestContext.Current.CancellationToken).Effect!;

        Assert.Equal(
            [
                "model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.v_proj",
                "model.layers.1.self_attn.q_proj", "model.layers.1.self_attn.v_proj",
            ],
            effect.Modules.Select(module => module.Module));
        Assert.All(effect.Modules, module => Assert.InRange(module.Relative!.Value, 1e-9, 1));
    }

    [Fact]
    public void A_model_that_is_trained_whole_is_under_what_its_data_ask_for_as_well()
    {
        using TalkingModel files = new();
        string data = files.Write("text.txt", "The herd went up the hill in the morning, and it was cold.");
        TuneOptions options = new()
        {
            IsFull = true,
            Steps = 1,
            ContextLength = 32,
            BatchSize = 1,
            DataLicense = "cc-by-nc-4.0",
        };
        string path = files.InFolder("whole.gguf");
        using (LanguageModel model = LanguageModel.Load(files.Path, new ModelOptions { HoldsSingles = true }))
        {
            Tuning.Run(model, data, path, options, cancellation: TestContext.Current.CancellationToken);
        }

        using LanguageModel tuned = LanguageModel.Load(path);
        Assert.Equal("unknown, cc-by-nc-4.0", tuned.Source.License?.Name);
        Assert.Equal(CommercialUse.Forbidden, ResultLicense.Of(tuned.Source.License?.Name, "mit").Commercial);
    }

    [Fact]
    public void A_recipe_that_no_file_can_hold_is_refused_before_work_is_spent()
    {
        using TalkingModel files = new();
        string data = files.Write("data.jsonl", Records);
        using LanguageModel model = files.Load();
        Assert.Throws<AdapterException>(() => Tuning.Run(
            model, data, files.InFolder("a"), Quick with { Recipe = "two\nlines" },
            new TuneProgress { OnStart = _ => Assert.Fail("work was begun") },
            TestContext.Current.CancellationToken));
        Assert.False(Directory.Exists(files.InFolder("a")));
    }

    private static AdapterOrigin Tune(
        TalkingModel files, string data, string name, TuneOptions options, int threadCount = 2)
    {
        using LanguageModel model = files.Load(threadCount);
        Tuning.Run(
            model, data, files.InFolder(name), options, cancellation: TestContext.Current.CancellationToken);
        using PeftFolder folder = PeftFolder.Open(files.InFolder(name));
        return folder.Origin;
    }
}
