using System.Text.Json;
using Chaku.Tests;

namespace Chaku.Cli.Tests.Commands;

public sealed class TuneCommandTests : CommandSuite
{
    private static readonly string Text = string.Concat(Enumerable.Repeat("the dog sat on the mat. ", 30));

    private static readonly string[] Small = ["--batch", "1", "--rank", "2", "--threads", "2"];

    private static readonly string[] Short = ["--steps", "2", "--context", "32", .. Small];

    [Fact]
    public void An_adapter_is_written_and_then_runs()
    {
        string data = Write("data.txt", Text);
        string[] tune = ["tune", TinyModel, data, "-o", InFolder("mine"), "--validation", "0.2", "--lr", "0.01"];
        CommandResult tuned = Run([.. tune, "--json", .. Short]);
        Assert.Equal(ExitCodes.Success, tuned.ExitCode);
        using JsonDocument said = JsonDocument.Parse(tuned.Output);
        Assert.Equal(2, said.RootElement.GetProperty("steps_done").GetInt32());
        Assert.InRange(said.RootElement.GetProperty("held_out_loss_after").GetDouble(), 0, 20);

        string untuned = Result("perplexity", TinyModel, data);
        Assert.NotEqual(untuned, Result("perplexity", TinyModel, data, "--adapter", InFolder("mine")));
        Assert.Equal(untuned, Result("perplexity", TinyModel, data, "--adapter", InFolder("mine") + "=0"));
        using JsonDocument shown = JsonDocument.Parse(Result("show", InFolder("mine"), "--json"));
        Assert.Equal(2, shown.RootElement.GetProperty("rank").GetInt32());
        Assert.Equal(64, shown.RootElement.GetProperty("base_content_hash").GetString()!.Length);
    }

    [Fact]
    public void Another_untunedis_refused()
    {
        string data = Write("data.txt", Text);
        Run(["tune", TinyModel, data, "-o", InFolder("mine"), .. Short]);
        string other = Fixtures.TestData("models", "tiny", "llama-mqa-tied.gguf");
        string line = Refusal(ExitCodes.Failure, "run", other, "abc", "--adapter", InFolder("mine"));
        Assert.Contains("another base", line, StringComparison.Ordinal);
    }

    [Fact]
    public void The_template_of_an_adapter_is_kept_and_no_other_is_taken()
    {
        string record = """{"instruction": "Say hello.", "input": "", "output": "hello"}""";
        string data = Write("data.jsonl", string.Concat(Enumerable.Repeat(record + "\n", 4)));
        string[] tune = ["tune", TinyModel, data, "-o", InFolder("mine"), .. Small, "--steps", "2", "--context", "256"];
        Assert.Contains("--template NAME", Refusal(ExitCodes.Failure, tune), StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Success, Run([.. tune, "--template", "alpaca"]).ExitCode);

        string[] chat = ["chat", TinyModel, "--adapter", InFolder("mine"), "--max-tokens", "2"];
        Assert.Equal(ExitCodes.Success, RunWith("hello\n", chat).ExitCode);
        string line = Refusal(ExitCodes.Failure, [.. chat, "--template", "llama-2"]);
        Assert.Contains("trained with the template alpaca", line, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_run_will_take_is_told_before_and_what_it_took_after()
    {
        string data = Write("data.txt", Text);
        string[] tune = ["tune", TinyModel, data, "-o", InFolder("mine"), "--watts", "50", "--currency", "EUR"];
        CommandResult people = Run([.. tune, "--price-per-hour", "2", .. Short]);
        CommandResult scripts = Run([.. tune, "--gradient-checkpointing", "on", "--json", .. Short]);

        Assert.Matches(
            @"estimate: \d\.\d\d of \d+\.\d\d GB memory, .* s, .* kWh \(at 50 W, as given\), costs", people.Error);
        Assert.Contains("EUR at 0.3 per kWh and 2 per hour", people.Output, StringComparison.Ordinal);
        using JsonDocument said = JsonDocument.Parse(scripts.Output);
        JsonElement estimate = said.RootElement.GetProperty("estimate");
        Assert.True(estimate.GetProperty("gradient_checkpointing").GetBoolean());
        Assert.Equal("given", estimate.GetProperty("energy").GetString());
        JsonElement memory = estimate.GetProperty("memory");
        Assert.InRange(memory.GetProperty("total").GetInt64(), 1, memory.GetProperty("available").GetInt64());
        Assert.Equal("EUR", said.RootElement.GetProperty("cost").GetProperty("currency").GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("--full")]
    public void A_run_that_does_not_fit_is_refused_and_nothing_is_written(string method)
    {
        string data = Write("data.txt", Text);
        string[] tune =
        [
            "tune", TinyModel, data, "-o", InFolder("mine.gguf"), "--memory-limit", "0.001", "--data-license", "mit",
        ];
        string[] full = method.Length > 0 ? [.. tune, method, "--steps", "2"] : [.. tune, .. Short];

        string line = Refusal(ExitCodes.Failure, full);

        Assert.Contains("0.00 GB are free", line, StringComparison.Ordinal);
        Assert.Equal([data], Directory.GetFileSystemEntries(Folder));
        Assert.Equal(ExitCodes.Success, Run([.. full, "--no-memory-check"]).ExitCode);
    }

    [Theory]
    [InlineData(ExitCodes.Usage, "--memory-limit", "0")]
    [InlineData(ExitCodes.Usage, "--gradient-checkpointing", "maybe")]
    [InlineData(ExitCodes.Failure, "--watts", "-5")]
    [InlineData(ExitCodes.Failure, "--price-per-kwh", "-1")]
    [InlineData(ExitCodes.Failure, "--price-per-hour", "-1")]
    public void A_tariff_or_a_limit_that_cannot_be_is_refused(int exitCode, string option, string value)
    {
        string data = Write("data.txt", Text);

        Refusal(exitCode, ["tune", TinyModel, data, "-o", InFolder("mine"), .. Short, option, value]);
    }

    [Fact]
    public void Ctrl_C_ends_early_and_keeps_what_was_learnt()
    {
        string data = Write("data.txt", Text);
        using TestTerminal terminal = new("")
        {
            OnError = self =>
            {
                if (self.Error.ToString()!.Contains("step 10 ", StringComparison.Ordinal))
                {
                    self.Press();
                }
            },
        };
        CommandResult result = Run(
            terminal, ["tune", TinyModel, data, "-o", InFolder("mine"), .. Small, "--steps", "100", "--context", "32"]);
        Assert.Equal(ExitCodes.Cancelled, result.ExitCode);
        Assert.Contains("stopped after 10 of 100 steps", result.Error, StringComparison.Ordinal);
        Assert.NotEmpty(Result("show", InFolder("mine")));

        string[] again = ["tune", TinyModel, data, "-o", InFolder("mine"), .. Small, "--context", "32"];
        string line = Refusal(ExitCodes.Failure, [.. again, "--steps", "100"]);
        Assert.Contains("behind step 10: --resume goes on", line, StringComparison.Ordinal);
        CommandResult other = Run([.. again, "--steps", "99", "--resume"]);
        Assert.Contains("--steps was 100 and is 99", other.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Failure, other.ExitCode);
        CommandResult whole = Run([.. again, "--steps", "100", "--resume", "--json"]);
        Assert.Equal(ExitCodes.Success, whole.ExitCode);
        using JsonDocument said = JsonDocument.Parse(whole.Output);
        Assert.Equal(10, said.RootElement.GetProperty("resumed_from").GetInt32());
        Assert.Equal(100, said.RootElement.GetProperty("kept_step").GetInt32());
    }

    [Fact]
    public void A_run_that_is_complete_is_said_to_be()
    {
        string data = Write("data.txt", Text);
        string[] tune =
            ["tune", TinyModel, data, "-o", InFolder("mine"), "--resume", "--data-license", "mit", .. Short];
        Assert.Equal(ExitCodes.Success, Run(tune).ExitCode);

        Assert.Contains("is complete", Result(tune), StringComparison.Ordinal);
        using JsonDocument said = JsonDocument.Parse(Result([.. tune, "--json"]));
        Assert.True(said.RootElement.GetProperty("complete_before").GetBoolean());
        Assert.Equal(InFolder("mine"), said.RootElement.GetProperty("adapter").GetString());
        Assert.Contains("not both", Refusal(ExitCodes.Failure, [.. tune, "--restart"]), StringComparison.Ordinal);
        string minutes = Refusal(ExitCodes.Usage, [.. tune, "--checkpoint-every", "-1"]);
        Assert.Contains("--checkpoint-every", minutes, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rate_that_is_far_too_large_is_a_failure_with_advice()
    {
        string data = Write("data.txt", Text);
        CommandResult result = Run(
            ["tune", TinyModel, data, "-o", InFolder("x.gguf"), "--full", "--lr", "9", "--warmup", "0", "--batch", "1",
                "--steps", "9", "--context", "32"]);

        Assert.Equal(ExitCodes.Failure, result.ExitCode);
        Assert.Contains("a smaller --lr may help", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(InFolder("x.gguf")));
    }

    [Theory]
    [InlineData("data.txt", "", "empty")]
    [InlineData("data.json", "[]", "record")]
    [InlineData("data.jsonl", "{\"instruction\": \"a\", \"output\": \"b\"}\n{\"instruction\"\n", "line 2")]
    public void Data_that_cannot_be_learnt_are_refused_and_nothing_is_written(
        string name, string content, string expected)
    {
        string data = Write(name, content);
        string[] template = name.EndsWith(".txt", StringComparison.Ordinal) ? [] : ["--template", "alpaca"];
        string line = Refusal(
            ExitCodes.Failure, ["tune", TinyModel, data, "-o", InFolder("mine"), .. template, .. Short]);
        Assert.Contains(expected, line, StringComparison.OrdinalIgnoreCase);
        Assert.Equal([data], Directory.GetFileSystemEntries(Folder));
    }
}
