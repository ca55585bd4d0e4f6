using System.Text.Json;
using Chaku.Tests;

namespace Chaku.Cli.Tests.Commands;

public sealed class RunCommandTests : CommandSuite
{
    private static readonly string[] Short = ["--max-tokens", "12", "--temperature", "0"];

    [Fact]
    public void Raw_output_is_the_continuation_and_nothing_else()
    {
        string raw = Result(["run", TinyModel, "abc", "--raw", .. Short]);
        Assert.NotEmpty(raw);
        Assert.Equal("abc" + raw + "\n", Result(["run", TinyModel, "abc", .. Short]));
        Assert.Equal(raw, Text(Result(["run", TinyModel, "abc", "--json", .. Short])));
    }

    [Fact]
    public void The_prompt_can_come_from_standard_input()
    {
        CommandResult piped = RunWith("abc", ["run", TinyModel, "-", "--raw", .. Short]);
        Assert.Equal(Result(["run", TinyModel, "abc", "--raw", .. Short]), piped.Output);
    }

    [Fact]
    public void Without_a_prompt_a_new_text_begins() =>
        Assert.Equal(Result(["run", TinyModel, "", "--raw", .. Short]), Result(["run", TinyModel, "--raw", .. Short]));

    [Fact]
    public void A_prompt_that_looks_like_a_file_of_options_is_a_prompt() =>
        Assert.StartsWith("@abc", Result(["run", TinyModel, "@abc", .. Short]), StringComparison.Ordinal);

    [Fact]
    public void The_seed_that_is_printed_gives_the_same_again()
    {
        string[] drawn = ["run", TinyModel, "abc", "--json", "--max-tokens", "20", "--temperature", "2"];
        using JsonDocument first = JsonDocument.Parse(Result(drawn));
        string seed = first.RootElement.GetProperty("seed").ToString();
        Assert.Equal(
            first.RootElement.GetProperty("text").GetString(),
            Text(Result([.. drawn, "--seed", seed, "--threads", "1"])));
    }

    [Fact]
    public void Stop_ids_and_strings_end_the_answer()
    {
        using JsonDocument whole = JsonDocument.Parse(Result(["run", TinyModel, "abc", "--json", .. Short]));
        string third = whole.RootElement.GetProperty("token_ids")[2].ToString();
        string[] stopped = ["run", TinyModel, "abc", "--json", "--stop-id", third, .. Short];
        using JsonDocument cut = JsonDocument.Parse(Result(stopped));
        Assert.Equal("stop", cut.RootElement.GetProperty("finish_reason").GetString());
        Assert.InRange(cut.RootElement.GetProperty("token_count").GetInt32(), 1, 3);
        string text = whole.RootElement.GetProperty("text").GetString()!;
        Assert.Equal(text[..1], Result(["run", TinyModel, "abc", "--raw", "--stop", text[1..3], .. Short]));
    }

    [Fact]
    public void What_was_repacked_is_said()
    {
        string model = Fixtures.TestData("models", "quant", "llama-gqa-Q8_0.gguf");
        using JsonDocument repacked = JsonDocument.Parse(Result(["run", model, "abc", "--json", .. Short]));
        using JsonDocument mapped =
            JsonDocument.Parse(Result(["run", model, "abc", "--json", "--no-repack", .. Short]));
        Assert.Equal(
            System.Runtime.Intrinsics.X86.Avx2.IsSupported,
            repacked.RootElement.GetProperty("repacked_bytes").GetInt64() > 0);
        Assert.Equal(0, mapped.RootElement.GetProperty("repacked_bytes").GetInt64());
        Assert.Equal(0, mapped.RootElement.GetProperty("repack_seconds").GetDouble());
        Assert.Equal(
            repacked.RootElement.GetProperty("text").GetString(), mapped.RootElement.GetProperty("text").GetString());
    }

    [Fact]
    public void Log_probabilities_come_with_their_alternatives()
    {
        using JsonDocument answer = JsonDocument.Parse(
            Result(["run", TinyModel, "abc", "--json", "--log-probabilities", "3", .. Short]));
        JsonElement list = answer.RootElement.GetProperty("log_probabilities");
        Assert.Equal(12, list.GetArrayLength());
        Assert.All(list.EnumerateArray(), token =>
        {
            Assert.Equal(3, token.GetProperty("top").GetArrayLength());
            Assert.Equal(
                token.GetProperty("log_probability").GetDouble(),
                token.GetProperty("top")[0].GetProperty("log_probability").GetDouble());
        });
    }

    [Fact]
    public void A_longer_context_than_the_files_is_a_warning()
    {
        CommandResult result = Run(["run", TinyModel, "abc", "--raw", "--context", "1000", .. Short]);
        Assert.Equal(ExitCodes.Success, result.ExitCode);
        Assert.Equal(
            "chaku: warning: the context of 1000 is longer than the 512 that the file was made for\n", result.Error);
    }

    [Fact]
    public void Cache_type_and_chunks_are_taken()
    {
        string expected = Result(["run", TinyModel, "abc def", "--raw", .. Short]);
        Assert.Equal(expected, Result(["run", TinyModel, "abc def", "--raw", "--chunk", "1", .. Short]));
        Assert.NotEmpty(Result(["run", TinyModel, "abc def", "--raw", "--kv", "f16", .. Short]));
    }

    [Fact]
    public void A_stop_before_the_first_token_is_quiet_and_has_its_own_code()
    {
        using TestTerminal terminal = new("");
        terminal.Press();
        CommandResult result = Run(terminal, ["run", TinyModel, "abc", .. Short]);
        Assert.Equal(new CommandResult(ExitCodes.Cancelled, "", "chaku: stopped\n"), result);
    }

    // llama2.c ends at BOS, and was trained with a context of 512, which the file does not say.
    [Theory]
    [InlineData("", "200", 0)]
    [InlineData("One day, a cat", "250", 1)]
    public void A_real_model_tells_the_golden_story(string prompt, string maxTokens, int number)
    {
        string folder = Fixtures.Shared("models", "stories260K");
        string golden = File.ReadAllText(Path.Combine(folder, "EXPECTED.md")).Split("```\n")[(2 * number) + 1];
        CommandResult result = Run(
            "run", Path.Combine(folder, "stories260K.gguf"), prompt, "--raw", "--temperature", "0", "--context", "512",
            "--stop-id", "1", "--max-tokens", maxTokens);
        Assert.Equal(golden.TrimEnd('\n'), prompt + result.Output);
    }

    private static string Text(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty("text").GetString()!;
    }
}
