using System.Text.Json;

namespace Chaku.Cli.Tests.Commands;

public sealed class ChatCommandTests : CommandSuite
{
    private static readonly string[] LongChat = ["chat", TinyModel, "--template", "alpaca", "--seed", "3"];

    private static readonly string[] Chat = [.. LongChat, "--max-tokens", "5"];

    [Fact]
    public void Each_line_is_a_message_and_the_conversation_grows()
    {
        CommandResult result = RunWith("hello\n\nand then?\n/clear\nhello\n/exit\nnever\n", [.. Chat, "--json"]);
        Assert.Equal("", result.Error);
        int[] promptCounts = [.. Answers(result).Select(answer => answer.GetProperty("prompt_token_count").GetInt32())];
        Assert.Equal(3, promptCounts.Length);
        Assert.InRange(promptCounts[1], promptCounts[0] + 10, int.MaxValue);
        Assert.Equal(promptCounts[0], promptCounts[2]);
    }

    [Fact]
    public void The_same_seed_gives_the_same_answer_after_clearing()
    {
        CommandResult result = RunWith("hello\n/clear\nhello\n", [.. Chat, "--json"]);
        string?[] texts = [.. Answers(result).Select(answer => answer.GetProperty("text").GetString())];
        Assert.Equal(texts[0], texts[1]);
    }

    [Fact]
    public void Plain_output_has_a_line_for_each_answer_and_no_prompt_sign()
    {
        CommandResult result = RunWith("hello", [.. LongChat, "--max-tokens", "1"]);
        Assert.Equal(ExitCodes.Success, result.ExitCode);
        Assert.EndsWith("\n", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('>', result.Output);
    }

    [Fact]
    public void The_system_is_told()
    {
        CommandResult with = RunWith("hello\n", [.. Chat, "--json", "--system", "Be brief, be kind, be gone."]);
        CommandResult without = RunWith("hello\n", [.. Chat, "--json"]);
        Assert.NotEqual(
            Answers(with)[0].GetProperty("prompt_token_count").GetInt32(),
            Answers(without)[0].GetProperty("prompt_token_count").GetInt32());
    }

    [Fact]
    public void Ctrl_C_stops_the_answer_and_not_the_program()
    {
        bool isPressed = false;
        using TestTerminal terminal = new("hello\nagain\n")
        {
            OnOutput = self =>
            {
                if (!isPressed && self.Output.ToString()!.Length > 0)
                {
                    isPressed = true;
                    self.Press();
                }
            },
        };
        CommandResult result = Run(terminal, [.. LongChat, "--max-tokens", "40", "--logit-bias", "2=-inf"]);
        Assert.True(isPressed);
        Assert.Equal((ExitCodes.Success, ""), (result.ExitCode, result.Error));
        string[] lines = result.Output.Split('\n', 2);
        Assert.InRange(lines[0].Length, 1, 20);
        Assert.NotEmpty(lines[1]);
    }

    [Fact]
    public void A_person_whose_conversation_no_longer_fits_can_begin_anew()
    {
        string flood = new('x', 600);
        using TestTerminal terminal = new($"{flood}\nhello\n") { IsPersonal = true };
        CommandResult result = Run(terminal, [.. Chat, "--threads", "1"]);
        Assert.Equal(ExitCodes.Success, result.ExitCode);
        Assert.Contains(
            "do not fit into the context of 512; /clear begins anew", result.Error, StringComparison.Ordinal);
        Assert.Contains("> ", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_script_whose_conversation_does_not_fit_fails()
    {
        CommandResult result = RunWith(new string('x', 600), Chat);
        Assert.Equal(ExitCodes.Failure, result.ExitCode);
        Assert.Contains("do not fit into the context of 512", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_without_a_template_needs_one_named()
    {
        string line = Refusal(ExitCodes.Failure, "chat", TinyModel);
        Assert.Contains("--template NAME (alpaca, ", line, StringComparison.Ordinal);
        Refusal(ExitCodes.Failure, "chat", TinyModel, "--template", "vicuna");
        Assert.Contains(
            "control token",
            Refusal(ExitCodes.Failure, "chat", TinyModel, "--template", "llama-3"),
            StringComparison.Ordinal);
    }

    private static JsonElement[] Answers(CommandResult result) =>
    [
        .. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement),
    ];
}
