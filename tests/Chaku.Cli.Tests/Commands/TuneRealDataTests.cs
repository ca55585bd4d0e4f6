using System.Text.Json;
using Chaku.Tests;

namespace Chaku.Cli.Tests.Commands;

/// <summary>One run for each format with real data: records in are learnt, held out, or dropped by name.</summary>
public sealed class TuneRealDataTests : CommandSuite
{
    [Theory]
    [InlineData("alpaca-999.json", "alpaca", 999)]
    [InlineData("dolly-3k.json", "alpaca-lora", 2996)]
    [InlineData("sharegpt-dummy.json", "vicuna-v1.1", 500)]
    [InlineData("oasst-100-trees.jsonl", "vicuna-v0", 100)]
    [InlineData("toolcall-300.json", "alpaca-fastchat", 300)]
    public void Records_in_are_learnt_held_out_or_dropped_by_name(string file, string template, int records)
    {
        string model = Fixtures.Shared("models", "stories260K", "stories260K.gguf");
        string[] tune =
        [
            "tune", model, Fixtures.Shared("data", file), "-o", InFolder("mine"), "--template", template,
            "--validation", "5", "--steps", "1", "--batch", "1", "--rank", "2", "--context", "512", "--threads", "2",
        ];

        CommandResult told = Run([.. tune, "--json"]);

        Assert.Equal(ExitCodes.Success, told.ExitCode);
        using JsonDocument document = JsonDocument.Parse(told.Output);
        JsonElement result = document.RootElement;
        int learnt = result.GetProperty("learnt_record_count").GetInt32();
        JsonElement[] dropped = [.. result.GetProperty("dropped").EnumerateArray()];
        Assert.Equal(records, result.GetProperty("record_count").GetInt32());
        Assert.Equal(5, result.GetProperty("held_out_record_count").GetInt32());
        Assert.Equal(records, learnt + 5 + dropped.Length);
        Assert.Equal(dropped.Length, dropped.Select(entry => entry.GetProperty("place").GetString()).Distinct().Count());
        Assert.All(dropped, entry => Assert.NotEqual("", entry.GetProperty("reason").GetString()));
        Check(records, learnt, dropped.Length, told.Error);

        CommandResult printed = Run([.. tune]);

        Assert.Contains(
            $"data            {records} records: {learnt} learnt, 5 held out\n", printed.Output, StringComparison.Ordinal);
        Assert.Equal(dropped.Length > 0, printed.Output.Contains("\ndropped  ", StringComparison.Ordinal));
    }

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
