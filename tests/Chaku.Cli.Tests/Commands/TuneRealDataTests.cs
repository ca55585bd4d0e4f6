using System.Text.Json;
using Chaku.Tests;

namespace Chaku.Cli.Tests.Commands;

/// <summary>One run for each format with real data: records in are learnt, held out, or dropped by name.</summary>
public sealed class TuneRealDataTests : CommandSuite
{
    [Theory]
    [Trait("Category", "Slow")]
    [InlineData("alpaca-999.json", "alpaca", 999)]
    [InlineData("dolly-3k.json", "alpaca-lora", 2996)]
    [InlineData("sharegpt-dummy.json", "vicuna-v1.1", 500)]
    [InlineData("oasst-100-trees.jsonl", "vicuna-v0", 100)]
    [InlineData("toolcall-300.json", "alpaca-fastchat", 300)]
    public void Records_in_are_learnt_held_out_or_dropped_by_name(string file, string template, int records)
    {
        CommandResult told = Tune(file, template, "--json");

        Assert.Equal(ExitCodes.Success, told.ExitCode);
        using JsonDocument document = JsonDocument.Parse(told.Output);
        JsonElement result = document.RootElement;
        int learnt = result.GetProperty("learnt_record_count").GetInt32();
        JsonElement[] dropped = [.. result.GetProperty("dropped").EnumerateArray()];
        Assert.Equal(records, result.GetProperty("record_count").GetInt32());
        Assert.Equal(5, result.GetProperty("held_out_record_count").GetInt32());
        Assert.Equal(records, learnt + 5 + dropped.Length);
        Assert.Distinct(dropped.Select(entry => entry.GetProperty("place").GetString()));
        Assert.All(dropped, entry => Assert.NotEqual("", entry.GetProperty("reason").GetString()));
        Check(records, learnt, dropped.Length, told.Error);
    }

    [Fact]
    public void The_printed_report_counts_the_same()
    {
        string printed = Tune("oasst-100-trees.jsonl", "vicuna-v0").Output;

        using JsonDocument run = JsonDocument.Parse(File.ReadAllText(InFolder("mine/run.json")));
        JsonElement data = run.RootElement.GetProperty("data");
        JsonElement dropped = Assert.Single(data.GetProperty("dropped").EnumerateArray());
        Assert.Contains(
            $"data            100 records: {data.GetProperty("learnt_records")} learnt, 5 held out\n" +
            $"dropped         {dropped.GetProperty("count")}: longer than the context of 512 tokens (",
            printed,
            StringComparison.Ordinal);
    }

    private CommandResult Tune(string file, string template, params string[] more) => Run(
    [
        "tune", Fixtures.Shared("models", "stories260K", "stories260K.gguf"), Fixtures.Shared("data", file),
        "-o", InFolder("mine"), "--template", template, "--validation", "5", "--steps", "1", "--batch", "1",
        "--rank", "2", "--context", "512", "--threads", "2", .. more,
    ]);

    // What the run's folder and the warnings say is the same.
    private void Check(int records, int learnt, int dropped, string warnings)
    {
        using JsonDocument run = JsonDocument.Parse(File.ReadAllText(InFolder("mine/run.json")));
        JsonElement data = run.RootElement.GetProperty("data");
        Assert.Equal(records, data.GetProperty("records").GetInt32());
        Assert.Equal(learnt, data.GetProperty("learnt_records").GetInt32());
        Assert.Equal(
            dropped, data.GetProperty("dropped").EnumerateArray().Sum(entry => entry.GetProperty("count").GetInt32()));
        Assert.Equal(
            Math.Min(dropped, 20),
            warnings.Split('\n').Count(line => line.Contains(" is not learnt from: ", StringComparison.Ordinal)));
        Assert.Equal(
            dropped > 20, warnings.Contains("are not learnt from; --json names all", StringComparison.Ordinal));
    }
}
