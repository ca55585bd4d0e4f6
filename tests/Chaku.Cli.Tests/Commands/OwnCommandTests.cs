using System.Text.Json;
using Chaku.Cli.Own;
using Chaku.Herd;

namespace Chaku.Cli.Tests.Commands;

public sealed class OwnCommandTests : CommandSuite
{
    private const string Talk =
        """{"messages": [{"role": "user", "content": "QUESTION"}, {"role": "assistant", "content": "ANSWER"}]}""";

    [Fact]
    public void Own_data_are_held_out_measured_learnt_and_measured_again()
    {
        string data = Write("talks.jsonl", string.Join('\n', Enumerable.Range(0, 20).Select(number => Talk
            .Replace("QUESTION", $"What is {number}?", StringComparison.Ordinal)
            .Replace("ANSWER", $"It is {number}.", StringComparison.Ordinal))));
        string[] own =
        [
            "own", OwnModel.Name, data, "-o", InFolder("mine"), "--steps", "2", "--data-license", "mit", "--json",
        ];

        CommandResult result = Run(own);

        Assert.Equal(ExitCodes.Success, result.ExitCode);
        using JsonDocument said = JsonDocument.Parse(result.Output);
        JsonElement measured = Assert.Single(said.RootElement.GetProperty("measured").EnumerateArray());
        Assert.Equal(2, measured.GetProperty("before").GetProperty("asked").GetInt32());
        Assert.Equal(18, said.RootElement.GetProperty("learnt_record_count").GetInt32());
        Assert.Equal(InFolder("mine"), said.RootElement.GetProperty("adapter").GetString());
    }

    [Fact]
    public void Another_model_needs_data() =>
        Assert.Contains("needs DATA", Refusal(ExitCodes.Usage, "own", TinyModel), StringComparison.Ordinal);

    [Fact]
    public void The_model_in_the_program_has_a_name_that_every_command_takes()
    {
        Assert.Contains("llama", Run("show", OwnModel.Name).Output, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Success, Run("tokenize", OwnModel.Name, "Luna is a llama.").ExitCode);
    }

    /// <summary>The data in the program are what the generator in this repository writes.</summary>
    [Theory]
    [InlineData("skill.jsonl", "skill", 11)]
    [InlineData("skill-test.jsonl", "skill-test", 12)]
    [InlineData("known-test.jsonl", "test", 13)]
    public void The_data_in_the_program_are_the_generator_s(string file, string set, ulong seed)
    {
        using StreamReader reader = new(new EmbeddedFile(file).Open());
        string[] lines = reader.ReadToEnd().TrimEnd('\n').Split('\n');

        Assert.Equal(HerdSets.All.Single(entry => entry.Name == set).Lines(lines.Length, seed, 3), lines);
    }
}
