using System.Text.Json;
using Chaku.Tests;

namespace Chaku.Cli.Tests.Commands;

/// <summary>show --template: what a model sees of a conversation.</summary>
public sealed class ShowTemplateTests : CommandSuite
{
    private static readonly string[] Template = ["show", TinyModel, "--template"];

    [Fact]
    public void Tokens_read_the_conversation_and_marks_and_answers_are_told_apart()
    {
        JsonElement shown = Shown("llama-2", "--system", "s", "--message", "a", "--message", "b", "--message", "c");

        Assert.Equal("llama-2", shown.GetProperty("template").GetString());
        JsonElement[] tokens = [.. shown.GetProperty("tokens").EnumerateArray()];
        Assert.Equal(
            "<s> [INST] <<SYS>>\ns\n<</SYS>>\n\na [/INST] b </s><s> [INST] c [/INST]", Text(tokens, _ => true));
        Assert.Equal("<s></s><s>", Text(tokens, token => token.GetProperty("mark").GetBoolean()));
        Assert.Equal(" b </s>", Text(tokens, token => token.GetProperty("answer").GetBoolean()));
        Assert.Equal([2], shown.GetProperty("stop_ids").EnumerateArray().Select(id => id.GetInt32()));
        Assert.Empty(shown.GetProperty("stop_strings").EnumerateArray());
    }

    [Fact]
    public void A_conversation_that_ends_with_the_assistant_is_shown_as_training_sees_it()
    {
        JsonElement shown = Shown("vicuna-v0", "--message", "a", "--message", "b");

        JsonElement[] tokens = [.. shown.GetProperty("tokens").EnumerateArray()];
        Assert.EndsWith(
            "questions.\n### Human: a\n### Assistant: b\n###", Text(tokens, _ => true), StringComparison.Ordinal);
        Assert.Equal(" b\n###", Text(tokens, token => token.GetProperty("answer").GetBoolean()));
        Assert.Equal("###", shown.GetProperty("stop_strings")[0].GetString());
    }

    [Fact]
    public void Without_a_conversation_there_is_a_short_one_with_a_prompt_for_the_next_answer()
    {
        string text = Text(Shown("vicuna-v1.1").GetProperty("tokens").EnumerateArray(), _ => true);
        Assert.StartsWith(
            "<s> You are a helpful assistant. USER: Hi! ASSISTANT: Hello. How can I help?</s> USER: What is a ",
            text,
            StringComparison.Ordinal);
        Assert.EndsWith("a? ASSISTANT:", text, StringComparison.Ordinal);
        string told = Text(Shown("vicuna-v1.1", "--system", "x").GetProperty("tokens").EnumerateArray(), _ => true);
        Assert.StartsWith("<s> x USER: Hi!", told, StringComparison.Ordinal);
    }

    [Fact]
    public void People_get_a_line_for_each_token_and_each_stop()
    {
        string[] lines = Result([.. Template, "alpaca", "--message", "a", "--message", "\"b\""]).TrimEnd().Split('\n');

        Assert.StartsWith("template alpaca", lines[0], StringComparison.Ordinal);
        Assert.Equal("       1  mark         \"<s>\"", lines[1]);
        Assert.Contains("               \"\\n\"", lines[1..].Select(line => line[8..]));
        Assert.Equal("       2  answer mark  \"</s>\"", lines[^3]);
        Assert.Contains("  answer       \"", lines[^4], StringComparison.Ordinal);
        Assert.Equal("       2  stops        \"</s>\"", lines[^2]);
        Assert.Equal("          stops        \"###\"", lines[^1]);
        Assert.DoesNotContain(lines, line => line.Contains('\u001b', StringComparison.Ordinal));
    }

    [Fact]
    public void A_byte_that_is_no_letter_is_spelled_as_a_byte()
    {
        string shown = Result([.. Template, "alpaca", "--message", "ñ\u0007"]);

        Assert.Contains("  \"\\xc3\"\n", shown, StringComparison.Ordinal);
        Assert.Contains("  \"\\u0007\"\n", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void What_does_not_fit_is_refused_in_one_line()
    {
        Assert.Equal(
            "chaku: the chat template chatml does not fit the model: its vocabulary has no control token <|im_start|>",
            Refusal(ExitCodes.Failure, [.. Template, "chatml"]));
        Assert.StartsWith(
            "chaku: the model has no chat template: choose one with --template NAME",
            Refusal(ExitCodes.Failure, Template),
            StringComparison.Ordinal);
        Assert.StartsWith(
            "chaku: no chat template named 'rum'",
            Refusal(ExitCodes.Failure, [.. Template, "rum"]),
            StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(Folder, "adapter_config.json"), "{}");
        Assert.StartsWith(
            "chaku: --template takes a model",
            Refusal(ExitCodes.Usage, "show", Folder, "--template"),
            StringComparison.Ordinal);
        Assert.Contains(
            "tokenizer.ggml",
            Refusal(ExitCodes.Failure, "show", ModelWithoutVocabulary(), "--template", "alpaca"),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("llama-spm", "alpaca", 2)]
    [InlineData("gpt-2", "falcon-instruct", 50256)]
    public void A_vocabulary_alone_is_enough(string vocabulary, string template, int stop)
    {
        string path = Fixtures.Shared("tokenizers", $"ggml-vocab-{vocabulary}.gguf");

        using JsonDocument said = JsonDocument.Parse(Result("show", path, "--template", template, "--json"));

        Assert.Equal([stop], said.RootElement.GetProperty("stop_ids").EnumerateArray().Select(id => id.GetInt32()));
        string text = Text(said.RootElement.GetProperty("tokens").EnumerateArray(), token => token.GetProperty("answer")
            .GetBoolean());
        Assert.StartsWith("Hello. How can I help?", text.TrimStart(), StringComparison.Ordinal);
    }

    private static JsonElement Shown(params string[] arguments)
    {
        using JsonDocument said = JsonDocument.Parse(Result([.. Template, .. arguments, "--json"]));
        return said.RootElement.Clone();
    }

    private static string Text(IEnumerable<JsonElement> tokens, Func<JsonElement, bool> isWanted) =>
        string.Concat(tokens.Where(isWanted).Select(token => token.GetProperty("text").GetString()));
}
