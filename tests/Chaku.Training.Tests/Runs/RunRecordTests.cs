using System.Text.Json;
using Chaku.Model;
using Chaku.Training.Runs;

namespace Chaku.Training.Tests.Runs;

public sealed class RunRecordTests
{
    private static readonly DateTimeOffset Date = new(2026, 1, 2, 4, 4, 5, TimeSpan.FromHours(1));

    private static readonly TuneOptions Quick = new()
    {
        Steps = 6,
        Rank = 2,
        ContextLength = 300,
        BatchSize = 1,
        LearningRate = 1e-2,
        Template = "alpaca",
        ValidationCount = 2,
        Recipe = "alpaca-lora",
    };

    [Fact]
    public void Facts_of_a_run_are_in_its_record()
    {
        using TalkingModel files = new();
        RunRecord record = Tune(files, files.InFolder("adapter"));

        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(files.InFolder("adapter/run.json")));
        JsonElement root = document.RootElement;
        Assert.Equal(1, root.GetProperty("format_version").GetInt32());
        Assert.Equal("complete", root.GetProperty("run").GetProperty("ended").GetString());
        Assert.Equal("2026-01-02T03:04:05Z", root.GetProperty("run").GetProperty("date").GetString());
        Assert.Equal("alpaca-lora", root.GetProperty("run").GetProperty("recipe").GetString());
        Assert.Equal(6, root.GetProperty("run").GetProperty("steps_done").GetInt32());
        Assert.Equal(300, root.GetProperty("options").GetProperty("context").GetInt32());
        Assert.Equal(record.Report.LastLoss, root.GetProperty("losses").GetProperty("last_loss").GetDouble());
        Assert.Equal(
            record.Report.HeldOut.Select(measured => (measured.Step, measured.Loss)),
            root.GetProperty("losses").GetProperty("held_out").EnumerateArray().Select(
                entry => (entry.GetProperty("step").GetInt64(), entry.GetProperty("loss").GetDouble())));
        Assert.Equal(2, root.GetProperty("machine").GetProperty("threads").GetInt32());
    }

    [Fact]
    public void Records_in_are_learnt_held_out_or_dropped_with_the_reason()
    {
        using TalkingModel files = new();
        Tune(files, files.InFolder("adapter"));

        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(files.InFolder("adapter/run.json")));
        JsonElement data = document.RootElement.GetProperty("data");
        JsonElement dropped = Assert.Single(data.GetProperty("dropped").EnumerateArray());
        Assert.Equal("longer than the context of 300 tokens", dropped.GetProperty("reason").GetString());
        Assert.Equal("line 3", dropped.GetProperty("first").GetString());
        Assert.Equal(
            data.GetProperty("records").GetInt32(),
            data.GetProperty("learnt_records").GetInt32() + data.GetProperty("held_out_records").GetInt32()
                + dropped.GetProperty("count").GetInt32());
    }

    [Fact]
    public void The_card_has_front_matter_says_what_was_left_out_and_lets_no_name_write_markup()
    {
        using TalkingModel files = new();
        Tune(files, files.InFolder("a_[b](c)"), "rec|ords.jsonl");

        string[] card = File.ReadAllLines(files.InFolder("a_[b](c)/README.md"));
        Assert.Equal("---", card[0]);
        Assert.Contains("library_name: peft", card);
        Assert.Contains("- \"rec|ords.jsonl\"", card);
        Assert.Contains("# a\\_\\[b\\](c)", card);
        Assert.Contains("- 1: longer than the context of 300 tokens (line 3 first)", card);
        Assert.Contains("chaku chat BASE --adapter a_[b](c)", card);
        Assert.Contains("| recipe | alpaca-lora |", card);
        Assert.DoesNotContain(card, line => line.StartsWith("| host", StringComparison.Ordinal));
    }

    [Fact]
    public void The_adapter_and_the_curve_are_the_same_bytes_again()
    {
        using TalkingModel files = new();
        Tune(files, files.InFolder("one"));
        Tune(files, files.InFolder("two"));

        foreach (string name in new[] { "adapter_config.json", "adapter_model.safetensors", "loss.svg" })
        {
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(files.InFolder("one"), name)),
                File.ReadAllBytes(Path.Combine(files.InFolder("two"), name)));
        }
    }

    [Fact]
    public void A_model_that_was_trained_whole_has_its_record_in_a_folder_beside_it()
    {
        using TalkingModel files = new();
        RunRecord record = Tune(files, files.InFolder("whole.gguf"), options: Quick with
        {
            Rank = new TuneOptions().Rank,
            IsFull = true,
            Recipe = null,
        });

        Assert.Equal(Path.GetFullPath(files.InFolder("whole.run")), record.Report.Plan.Files.Folder);
        string[] card = File.ReadAllLines(files.InFolder("whole.run/README.md"));
        Assert.Contains("library_name: gguf", card);
        Assert.Contains("chaku chat whole.gguf", card);
        Assert.DoesNotContain(card, line => line.StartsWith("| rank", StringComparison.Ordinal));
        Assert.True(File.Exists(files.InFolder("whole.run/loss.svg")));
    }

    [Fact]
    public void A_run_that_goes_on_draws_all_its_steps()
    {
        using TalkingModel files = new();
        string data = files.Write("records.jsonl", Records());
        string adapter = files.InFolder("adapter");
        using LanguageModel model = files.Load();
        using CancellationTokenSource stop = new();
        TuneProgress stopping = new()
        {
            OnStep = step =>
            {
                if (step.Number == 3)
                {
                    stop.Cancel();
                }
            },
        };
        Tuning.Run(model, data, adapter, Quick, stopping, stop.Token);
        using LanguageModel again = files.Load();
        RunRecorder recorder = new(Quick, data, adapter);

        TuneReport report = Tuning.Resume(
            again, data, adapter, Quick, recorder.Join(new TuneProgress()), TestContext.Current.CancellationToken)!;

        RunRecord record = recorder.Finish(report, Date);
        Assert.Equal([1, 2, 3, 4, 5, 6], record.History.Points.Select(point => point.Step));
        Assert.Equal((float)report.FirstLoss, record.History.Points[0].Loss);
    }

    private static RunRecord Tune(
        TalkingModel files, string written, string dataName = "records.jsonl", TuneOptions? options = null)
    {
        options ??= Quick;
        string data = files.Write(dataName, Records());
        using LanguageModel model = LanguageModel.Load(
            files.Path, new ModelOptions { ThreadCount = 2, Repack = false, HoldsSingles = options.IsFull });
        RunRecorder recorder = new(options, data, written);
        TuneReport report = Tuning.Run(
            model, data, written, options, recorder.Join(new TuneProgress()), TestContext.Current.CancellationToken);
        RunRecord record = recorder.Finish(report, Date);
        record.Write();
        return record;
    }

    private static string Records() => string.Join('\n', Enumerable.Range(1, 8).Select(number =>
        $$"""{"instruction": "Say {{number}}.", "output": "{{(number == 3 ? new string('x', 400) : "yes")}}"}"""));
}
