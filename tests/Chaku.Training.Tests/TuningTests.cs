using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Files;
using Chaku.Model.Templates;
using Chaku.Training.Datasets;

namespace Chaku.Training.Tests;

public sealed class TuningTests
{
    private const string Text =
        "The herd went up the hill in the morning. The brown one was called Killa, and she was nine years old.\n";

    private const string Records =
        """
        {"instruction": "Who went up?", "input": "", "output": "The herd."}
        {"instruction": "What was her name?", "input": "She was nine.", "output": "Killa."}
        """;

    private static readonly TuneOptions Quick = new()
    {
        Steps = 3,
        Rank = 4,
        ContextLength = 32,
        BatchSize = 2,
        LearningRate = 1e-2,
        Dropout = 0.1,
    };

    [Theory]
    [InlineData("tiny/llama-gqa.gguf")]
    [InlineData("quant/llama-gqa-Q4_K_M.gguf")]
    public void The_same_run_writes_the_same_bytes_on_any_number_of_threads(string source)
    {
        using TalkingModel files = new(source);
        string data = files.Write("text.txt", string.Concat(Enumerable.Repeat(Text, 5)));

        byte[] one = Tune(files, data, "one", threadCount: 1);

        Assert.Equal(one, Tune(files, data, "two", threadCount: 2));
        Assert.Equal(one, Tune(files, data, "three", threadCount: 3));
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(files.InFolder("one"), "adapter_config.json")),
            File.ReadAllBytes(Path.Combine(files.InFolder("two"), "adapter_config.json")));
    }

    [Fact]
    public void Another_seed_writes_another_adapter()
    {
        using TalkingModel files = new();
        string data = files.Write("text.txt", Text);

        byte[] first = Tune(files, data, "first", options: Quick with { Seed = 1 });

        Assert.NotEqual(first, Tune(files, data, "second", options: Quick with { Seed = 2 }));
    }

    [Fact]
    public void What_was_learnt_is_what_is_loaded()
    {
        using TalkingModel files = new();
        string data = files.Write("records.jsonl", Records);
        TuneOptions options = Quick with { Template = "alpaca", ContextLength = 512, Steps = 30, Dropout = 0 };
        using LanguageModel model = files.Load();

        TuneReport report = Tuning.Run(
            model, data, files.InFolder("adapter"), options, cancellation: TestContext.Current.CancellationToken);

        Assert.True(report.LastLoss < 0.7 * report.FirstLoss, $"loss {report.FirstLoss} -> {report.LastLoss}");
        LoadedAdapter loaded = AdapterReader.Read(
            files.InFolder("adapter"),
            model,
            ContentHashCache.ForUser(),
            cancellation: TestContext.Current.CancellationToken);
        Assert.Empty(loaded.Notices);
        Assert.Equal("alpaca", loaded.Adapter.Origin.Template);
        Assert.False(AdapterEffect.Of(loaded.Adapter, AdaptableLinears.Of(model)).IsNothing);
    }

    [Fact]
    public void A_stopped_run_keeps_what_was_learnt()
    {
        using TalkingModel files = new();
        string data = files.Write("text.txt", string.Concat(Enumerable.Repeat(Text, 5)));
        using CancellationTokenSource stop = new();
        using LanguageModel model = files.Load();
        TuneProgress progress = new() { OnStep = step => StopAfter(step, 2) };

        TuneReport report = Tuning.Run(
            model, data, files.InFolder("adapter"), Quick with { Steps = 50 }, progress, stop.Token);

        Assert.Equal(2, report.StepsDone);
        Assert.True(File.Exists(Path.Combine(files.InFolder("adapter"), "adapter_model.safetensors")));

        void StopAfter(TrainingStep step, long last)
        {
            if (step.Number == last)
            {
                stop.Cancel();
            }
        }
    }

    [Fact]
    public void A_run_that_is_stopped_before_its_first_step_writes_nothing()
    {
        using TalkingModel files = new();
        string data = files.Write("text.txt", Text);
        using CancellationTokenSource stop = new();
        using LanguageModel model = files.Load();
        TuneProgress progress = new() { OnStart = _ => stop.Cancel() };

        Assert.Throws<OperationCanceledException>(
            () => Tuning.Run(model, data, files.InFolder("adapter"), Quick, progress, stop.Token));

        Assert.False(Directory.Exists(files.InFolder("adapter")));
    }

    [Fact]
    public void What_is_held_out_is_measured_and_not_learnt()
    {
        using TalkingModel files = new();
        string data = files.Write("text.txt", string.Concat(Enumerable.Repeat(Text, 10)));
        using LanguageModel model = files.Load();
        List<double> losses = [];
        TuneProgress progress = new() { OnValidation = (_, loss) => losses.Add(loss) };

        TuneReport report = Tuning.Run(
            model,
            data,
            files.InFolder("adapter"),
            Quick with { ValidationShare = 0.1, Steps = 20 },
            progress,
            TestContext.Current.CancellationToken);

        Assert.Equal(5, losses.Count);
        Assert.Equal(losses[0], report.ValidationBefore);
        Assert.Equal(losses[^1], report.ValidationAfter);
        Assert.True(report.ValidationAfter < report.ValidationBefore);
    }

    [Fact]
    public void Options_that_cannot_be_are_refused_with_nothing_written()
    {
        using TalkingModel files = new();
        string data = files.Write("text.txt", Text);

        Refuse<TrainingException>(Quick with { LearningRate = double.NaN }, "learning rate");
        Refuse<TrainingException>(Quick with { Steps = 0 }, "at least one step");
        Refuse<TrainingException>(Quick with { Dropout = 1 }, "dropout");
        Refuse<TrainingException>(Quick with { Schedule = "zigzag" }, "cosine, linear, constant");
        Refuse<TrainingException>(Quick with { ContextLength = 1 << 20 }, "no longer than the model's");
        Refuse<TrainingException>(Quick with { Template = "alpaca" }, "no template applies");
        Refuse<AdapterException>(Quick with { Rank = 0 }, "rank");
        Refuse<AdapterException>(Quick with { Targets = ["z_proj"] }, "z_proj");
        Refuse<DatasetException>(Quick with { Format = "papyrus" }, "papyrus");

        void Refuse<TException>(TuneOptions options, string named)
            where TException : Exception
        {
            using LanguageModel model = files.Load();
            TException exception = Assert.Throws<TException>(
                () => Tuning.Run(model, data, files.InFolder("adapter"), options));
            Assert.Contains(named, exception.Message, StringComparison.Ordinal);
            Assert.False(Directory.Exists(files.InFolder("adapter")));
        }
    }

    [Fact]
    public void Records_without_a_template_are_refused_with_the_choice()
    {
        using TalkingModel files = new();
        string data = files.Write("records.jsonl", Records);
        using LanguageModel model = files.Load();

        ChatTemplateException exception = Assert.Throws<ChatTemplateException>(
            () => Tuning.Run(model, data, files.InFolder("adapter"), Quick));

        Assert.Contains("--template", exception.Message, StringComparison.Ordinal);
        Assert.Contains("alpaca", exception.Message, StringComparison.Ordinal);
    }

    private static byte[] Tune(
        TalkingModel files, string data, string name, int threadCount = 2, TuneOptions? options = null)
    {
        using LanguageModel model = files.Load(threadCount);
        Tuning.Run(
            model,
            data,
            files.InFolder(name),
            options ?? Quick,
            cancellation: TestContext.Current.CancellationToken);
        return File.ReadAllBytes(Path.Combine(files.InFolder(name), "adapter_model.safetensors"));
    }
}
