using System.CommandLine;
using Chaku.Cli.Commands;
using Chaku.Tests;

namespace Chaku.Cli.Tests.Commands;

/// <summary>What holds for every entry of the table.</summary>
public sealed class CommandTableTests : CommandSuite
{
    public static TheoryData<string> Names => [.. Cli.Commands.Commands.Create().Select(command => command.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_command_has_help_with_examples_that_parse(string name)
    {
        ProgramCommand command = Cli.Commands.Commands.Create().Single(entry => entry.Name == name);
        string help = Result(name, "--help");
        Assert.NotEmpty(command.Examples);
        foreach (string example in command.Examples)
        {
            Assert.Contains("  " + example + "\n", help, StringComparison.Ordinal);
            string line = example[example.IndexOf("chaku ", StringComparison.Ordinal)..].Split('<')[0];
            RootCommand root = [command];
            Assert.Empty(root.Parse(line["chaku ".Length..]).Errors);
            Assert.StartsWith($"chaku {name} ", line + " ", StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_command_speaks_to_scripts_and_every_option_says_what_it_does(string name)
    {
        ProgramCommand command = Cli.Commands.Commands.Create().Single(entry => entry.Name == name);
        Assert.Contains(command.Options, option => option.Name == "--json");
        Assert.All(command.Options, option => Assert.False(string.IsNullOrEmpty(option.Description)));
        Assert.All(command.Arguments, argument => Assert.False(string.IsNullOrEmpty(argument.Description)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_README_names_every_command(string name) => Assert.Contains(
        $"`chaku {name} ", File.ReadAllText(Path.Combine(Fixtures.Checkout, "README.md")), StringComparison.Ordinal);

    [Theory]
    [InlineData("run")]
    [InlineData("chat")]
    [InlineData("logits")]
    [InlineData("perplexity")]
    public void What_runs_a_model_takes_the_common_options(string name)
    {
        string[] common =
            ["--adapter", "--force", "--threads", "--context", "--kv", "--chunk", "--stop-id", "--no-repack"];
        ProgramCommand command = Cli.Commands.Commands.Create().Single(entry => entry.Name == name);
        Assert.Empty(common.Except(command.Options.Select(option => option.Name)));
    }

    [Fact]
    public void Without_arguments_there_is_help()
    {
        string help = Result();
        Assert.Equal(help, Result("--help"));
        Assert.Contains("Exit codes", help, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', help);
    }

    [Theory]
    [InlineData("there is no command 'rum'", "rum", "model.gguf")]
    [InlineData("--temperature takes a number, not 'hot'", "run", "m.gguf", "--temperature", "hot")]
    [InlineData("--threads takes a whole number from 1, not '0'", "run", "m.gguf", "--threads", "0")]
    [InlineData("temperature to be 0 or more, got -1", "run", "m.gguf", "--temperature", "-1")]
    [InlineData("top-p to be above 0 and at most 1, got 2", "run", "m.gguf", "--top-p", "2")]
    [InlineData("exclude each other", "run", "m.gguf", "--raw", "--json")]
    [InlineData("--tokens takes token ids, not 'x'", "logits", "m.gguf", "--tokens", "1 x", "--out", "f")]
    [InlineData("--tokens", "logits", "m.gguf", "--out", "f")]
    [InlineData("f64", "run", "m.gguf", "--kv", "f64")]
    [InlineData("--logit-bias takes ID=BIAS, not '5'", "run", "m.gguf", "--logit-bias", "5")]
    [InlineData("--stop-id takes a whole number from 0, not 'x'", "run", "m.gguf", "--stop-id", "x")]
    [InlineData("exclude each other", "show", "m.gguf", "--hash", "--template", "alpaca")]
    [InlineData("go with --template", "show", "m.gguf", "--message", "Hi")]
    [InlineData("--out", "tune", "m.gguf", "data.txt")]
    public void A_wrong_command_line_is_one_line_and_code_2(string expected, params string[] arguments) =>
        Assert.Contains(expected, Refusal(ExitCodes.Usage, arguments), StringComparison.Ordinal);
}
