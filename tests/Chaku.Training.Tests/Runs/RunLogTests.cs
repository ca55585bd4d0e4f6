using System.Text.Json;
using System.Text.Json.Nodes;

namespace Chaku.Training.Tests.Runs;

public sealed class RunLogTests
{
    [Fact]
    public void Every_step_and_measurement_has_its_line()
    {
        using TuningSample sample = new();
        TuneReport report = sample.Run("x", TuningSample.Options with { ValidationShare = 0.2, ValidateEvery = 3 });

        JsonElement[] lines = Lines(sample.Files("x").Log);

        Assert.Equal(6, lines[0].GetProperty("step_count").GetInt64());
        Assert.Equal(report.HeldOut.Count, lines.Count(line => line.TryGetProperty("held_out_loss", out _)));
        JsonElement[] steps = [.. lines.Where(line => line.TryGetProperty("loss", out _))];
        Assert.Equal([1, 2, 3, 4, 5, 6], steps.Select(line => line.GetProperty("step").GetInt64()));
        Assert.Equal(report.LastLoss, steps[^1].GetProperty("loss").GetDouble());
        Assert.Equal(report.TokenCount, steps.Sum(line => line.GetProperty("tokens").GetInt64()));
        foreach (string name in (string[])["gradient_norm", "learning_rate", "trained_tokens", "seconds"])
        {
            Assert.All(steps, line => Assert.True(line.GetProperty(name).GetDouble() >= 0));
        }
    }

    [Fact]
    public void A_torn_line_and_a_strangers_lines_are_left_out_when_the_run_goes_on()
    {
        using TuningSample sample = new();
        TuneOptions options = TuningSample.Options;
        sample.Run("whole", options);
        sample.Break("x", options, 4);
        File.AppendAllText(sample.Files("x").Log, "[1]\nno JSON\n{\"step\":\"3\"}\n\n{\"step\":4,\"loss\":0.12");

        sample.Resume("x", options);

        Assert.Equal(WithoutSeconds(sample.Files("whole").Log), WithoutSeconds(sample.Files("x").Log));
        Assert.Empty(sample.Warnings);
    }

    [Fact]
    public void A_log_that_is_gone_is_said_and_begins_again()
    {
        using TuningSample sample = new();
        sample.Break("x", TuningSample.Options, 4);
        File.Delete(sample.Files("x").Log);

        sample.Resume("x", TuningSample.Options);

        Assert.Contains("0 of the 3 steps", Assert.Single(sample.Warnings), StringComparison.Ordinal);
        Assert.Equal(
            [4, 5, 6], Lines(sample.Files("x").Log).Skip(1).Select(line => line.GetProperty("step").GetInt64()));
    }

    [Fact]
    public void A_log_that_cannot_be_written_ends_no_run()
    {
        using TuningSample sample = new();
        sample.Run("whole", TuningSample.Options);
        Directory.CreateDirectory(sample.Files("x").Log);

        TuneReport report = sample.Run("x", TuningSample.Options);

        Assert.Equal(RunEnd.Complete, report.End);
        Assert.Contains("log.jsonl", Assert.Single(sample.Warnings), StringComparison.Ordinal);
        Assert.Equal(sample.Written("whole"), sample.Written("x"));
    }

    /// <summary>A log's lines without what the clock says.</summary>
    internal static string[] WithoutSeconds(string path)
    {
        return [.. File.ReadAllLines(path).Select(Strip)];

        static string Strip(string line)
        {
            JsonObject fields = JsonNode.Parse(line)!.AsObject();
            fields.Remove("seconds");
            return fields.ToJsonString();
        }
    }

    private static JsonElement[] Lines(string path) =>
        [.. File.ReadAllLines(path).Select(line => JsonDocument.Parse(line).RootElement.Clone())];
}
