using System.CommandLine;
using System.Text.Json;
using Chaku.Cli.Options;
using Chaku.Training;

namespace Chaku.Cli.Tests.Commands;

/// <summary>What a recipe sets, what wins over it, and what is said of both.</summary>
public sealed class TuneRecipeTests : CommandSuite
{
    private static readonly string[] Quick = ["--steps", "1", "--threads", "2"];

    [Fact]
    public void What_a_recipe_sets_is_said_with_its_source_and_what_you_give_wins()
    {
        CommandResult result = Run(
            ["tune", TinyModel, Records(40), "-o", InFolder("mine"), "--recipe", "alpaca-lora", "--lr", "0.01",
            "--accumulate", "1", "--json", .. Quick]);

        Assert.Equal(ExitCodes.Success, result.ExitCode);
        Assert.Contains(
            "recipe alpaca-lora (github.com/tloen/alpaca-lora, finetune.py): rank 8, alpha 16, dropout 0.05, " +
            "targets q_proj,v_proj, ",
            result.Error,
            StringComparison.Ordinal);
        Assert.Contains(
            "train-on inputs, validation 2000 (but 0.1 of all at most)", result.Error, StringComparison.Ordinal);
        Assert.Contains(
            "not taken from the recipe, since you say otherwise: lr 3e-4, epochs 3, accumulate 32\n",
            result.Error,
            StringComparison.Ordinal);
        Assert.Contains("in 4 sequences", result.Error, StringComparison.Ordinal);
        using JsonDocument said = JsonDocument.Parse(result.Output);
        Assert.Equal("alpaca-lora", said.RootElement.GetProperty("template").GetString());
        using JsonDocument shown = JsonDocument.Parse(Result("show", InFolder("mine"), "--json"));
        Assert.Equal(8, shown.RootElement.GetProperty("rank").GetInt32());
        Assert.Equal(16, shown.RootElement.GetProperty("alpha").GetDouble());
        Assert.Equal(
            ["q_proj", "v_proj"],
            shown.RootElement.GetProperty("target_modules").GetString()!.Split(", ").Order());
    }

    [Fact]
    public void What_does_not_fit_is_said_and_not_where_you_chose_yourself()
    {
        string model = Chaku.Tests.Fixtures.TestData("models", "families", "gptneox-sequential.gguf");
        string[] tune = ["tune", model, Text(), "-o", InFolder("mine"), "--recipe", "vicuna", .. Quick];

        string error = Run([.. tune, "--accumulate", "1"]).Error;
        Assert.Contains(
            "chaku: warning: recipe vicuna: the model has no q_proj and no v_proj: query_key_value is adapted",
            error,
            StringComparison.Ordinal);
        Assert.Contains("longer than the model's", error, StringComparison.Ordinal);

        string chosen = Run(
            [.. tune, "--accumulate", "1", "--targets", "dense", "--context", "16",
            "--restart"]).Error;
        Assert.DoesNotContain("warning: recipe", chosen, StringComparison.Ordinal);
    }

    [Fact]
    public void A_recipes_template_is_for_conversations_and_not_needed_for_text()
    {
        CommandResult result = Run(
            ["tune", TinyModel, Text(), "-o", InFolder("mine"), "--recipe", "alpaca-lora", "--json",
            "--accumulate", "1", .. Quick]);

        Assert.Equal(ExitCodes.Success, result.ExitCode);
        using JsonDocument said = JsonDocument.Parse(result.Output);
        Assert.Equal(JsonValueKind.Null, said.RootElement.GetProperty("template").ValueKind);
        Assert.Contains(
            "plain text: the recipe's template alpaca-lora is not used", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ExitCodes.Usage, "choose one of alpaca-lora, vicuna, dolly, qlora", "--recipe", "koala")]
    [InlineData(ExitCodes.Failure, "--recipe alpaca-lora --template dolly", "--recipe", "dolly")]
    [InlineData(ExitCodes.Failure, "leave out --full", "--recipe", "qlora", "--full")]
    [InlineData(ExitCodes.Usage, "--validation takes a share", "--validation", "1.5")]
    [InlineData(ExitCodes.Failure, "share to hold out", "--validation", "-1")]
    [InlineData(ExitCodes.Failure, "beta2", "--beta2", "1")]
    [InlineData(ExitCodes.Failure, "share of all steps", "--warmup-ratio", "3")]
    [InlineData(ExitCodes.Usage, "'everything'", "--train-on", "everything")]
    public void What_cannot_be_is_refused_with_one_line(int exitCode, string expected, params string[] options) =>
        Assert.Contains(
            expected,
            Refusal(exitCode, ["tune", TinyModel, Text(), "-o", InFolder("mine"), .. options]),
            StringComparison.Ordinal);

    [Fact]
    public void Every_option_has_the_name_of_a_field_of_the_report()
    {
        TuneArguments arguments = new(new Command("tune"));

        Assert.Equal(
            TuneFields.All.Select(field => field.Name).Except(["recipe", "full", "template"]).Order(),
            arguments.Names.Except(["restart", "checkpoint-every", "checkpoint-steps"]).Order());
    }

    [Fact]
    public void A_number_of_records_or_a_share_can_be_held_out()
    {
        string data = Records(10);
        string[] tune = ["tune", TinyModel, data, "-o", InFolder("mine"), "--template", "alpaca", "--json", .. Quick];

        Assert.Contains("in 3 sequences", Run([.. tune, "--validation", "3"]).Error, StringComparison.Ordinal);
        Assert.Contains("in 2 sequences", Run([.. tune, "--validation", "0.2"]).Error, StringComparison.Ordinal);
        Assert.Contains(
            "leaves nothing to learn", Run([.. tune, "--validation", "10"]).Error, StringComparison.Ordinal);
    }

    private string Text() => Write("data.txt", string.Concat(Enumerable.Repeat("the dog sat on the mat. ", 30)));

    private string Records(int count) => Write("data.jsonl", string.Concat(Enumerable.Repeat(
        """{"instruction": "Say hi.", "input": "", "output": "hi"}""" + "\n", count)));
}
