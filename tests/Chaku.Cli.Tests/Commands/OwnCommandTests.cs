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
        JsonElement said = Own("--steps", "2");

        JsonElement measured = Assert.Single(said.GetProperty("measured").EnumerateArray());
        Assert.Equal(2, measured.GetProperty("before").GetProperty("asked").GetInt32());
        Assert.Equal(18, said.GetProperty("learnt_record_count").GetInt32());
        Assert.Equal(InFolder("mine"), said.GetProperty("adapter").GetString());
    }

    /// <summary>
    /// The README's first command: held-out questions of a new skill, and of what the model in the program knows.
    /// </summary>
    [Fact]
    [Trait("Category", "Slow")]
    public void The_model_in_the_program_learns_a_skill_and_forgets_nothing()
    {
        CommandResult result = Run("own", "-o", InFolder("mine"), "--json");

        Assert.Equal(ExitCodes.Success, result.ExitCode);
        using JsonDocument said = JsonDocument.Parse(result.Output);
        JsonElement[] measured = [.. said.RootElement.GetProperty("measured").EnumerateArray()];
        Assert.Equal(2, measured.Length);
        Assert.All(measured, part => Assert.Equal(100, part.GetProperty("after").GetProperty("asked").GetInt32()));
        Assert.InRange(Right(measured[0], "before"), 0, 9);
        Assert.InRange(Right(measured[0], "after"), 91, 100);
        Assert.InRange(Right(measured[1], "before"), 90, 100);
        Assert.InRange(Right(measured[1], "after"), 80, 100);

        static int Right(JsonElement measured, string when) =>
            measured.GetProperty(when).GetProperty("right").GetInt32();
    }

    [Fact]
    public void All_weights_are_trained_where_that_is_asked_for_and_the_written_model_is_measured()
    {
        JsonElement said = Own("--full", "--steps", "2");

        Assert.Equal(InFolder("mine"), said.GetProperty("model").GetString());
        JsonElement measured = Assert.Single(said.GetProperty("measured").EnumerateArray());
        Assert.Equal(2, measured.GetProperty("after").GetProperty("asked").GetInt32());
        Assert.Equal(ExitCodes.Success, Run("show", InFolder("mine")).ExitCode);
    }

    /// <summary>The recipe of QLoRA holds nothing out, and questions are needed.</summary>
    [Fact]
    public void A_recipe_is_taken_and_a_tenth_is_held_out_all_the_same()
    {
        JsonElement said = Own("--recipe", "qlora", "--steps", "1");

        Assert.Equal("qlora", said.GetProperty("recipe").GetString());
        Assert.Equal(18, said.GetProperty("learnt_record_count").GetInt32());
    }

    [Fact]
    public void An_unknown_recipe_is_refused() =>
        Assert.Contains("no recipe", Refusal(ExitCodes.Usage, "own", "--recipe", "none"), StringComparison.Ordinal);

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

    private JsonElement Own(params string[] options)
    {
        string data = Write("talks.jsonl", string.Join('\n', Enumerable.Range(0, 20).Select(number => Talk
            .Replace("QUESTION", $"What is {number}?", StringComparison.Ordinal)
            .Replace("ANSWER", $"It is {number}.", StringComparison.Ordinal))));

        CommandResult result = Run(
            ["own", OwnModel.Name, data, "-o", InFolder("mine"), "--data-license", "mit", "--json", .. options]);

        Assert.Equal(ExitCodes.Success, result.ExitCode);
        using JsonDocument said = JsonDocument.Parse(result.Output);
        return said.RootElement.Clone();
    }
}
