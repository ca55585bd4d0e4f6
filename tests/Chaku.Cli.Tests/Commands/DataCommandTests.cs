using System.Text.Json;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Cli.Tests.Commands;

public sealed class DataCommandTests : CommandSuite
{
    private const string Records =
        """
        {"instruction": "Say hello.", "input": "", "output": "hello"}
        {"instruction": "Say hello.", "input": "", "output": "hello"}
        {"instruction": "Say nothing.", "input": "", "output": ""}
        """;

    [Fact]
    public void Counts_lengths_duplicates_hash_and_licence_are_printed()
    {
        string data = Write("data.jsonl", Records);
        string printed = Result("data", data, "--license", "cc0-1.0");

        Assert.Contains("format            alpaca in json\n", printed, StringComparison.Ordinal);
        Assert.Contains("license           cc0-1.0 (as you state it)\n", printed, StringComparison.Ordinal);
        Assert.Contains("records           3: 3 conversations with 3 answers", printed, StringComparison.Ordinal);
        Assert.Contains("characters        42 in all; 12 to 15", printed, StringComparison.Ordinal);
        Assert.Contains("duplicates        1 (line 2)\n", printed, StringComparison.Ordinal);
        Assert.Contains("note              1 (line 3): an empty answer", printed, StringComparison.Ordinal);
        Assert.Contains("not stated", Result("data", data), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_learnt_stands_between_marks_and_with_ids_on_lines_of_its_own()
    {
        string data = Write("data.jsonl", Records);
        string[] arguments = ["data", data, "--model", TinyModel, "--template", "alpaca"];

        string printed = Result([.. arguments, "--show", "2"]);
        Assert.Contains("template          alpaca\n", printed, StringComparison.Ordinal);
        Assert.Contains("### Response:⟦hello</s>⟧\n", printed, StringComparison.Ordinal);
        Assert.Contains("line 2: ", printed, StringComparison.Ordinal);

        string[] learnt = [.. Result([.. arguments, "--ids"]).Split('\n')
            .Where(line => line.Length > 16 && line[10..16] == "learnt")];
        Assert.Contains("\"</s>\"", learnt[^1], StringComparison.Ordinal);
        Assert.Equal("hello", string.Concat(learnt[..^1].Select(line => line.Split('"')[1])));
        Assert.DoesNotContain("### Response", Result([.. arguments, "--show", "0"]), StringComparison.Ordinal);
    }

    [Fact]
    public void What_would_be_dropped_is_counted_and_named_and_nothing_left_is_no_error()
    {
        string data = Write("data.jsonl", Records);
        string printed = Result("data", data, "--model", TinyModel, "--template", "alpaca", "--context", "16");
        Assert.Contains(
            "dropped           3 (line 1; line 2; line 3): longer than the context of 16 tokens\n",
            printed,
            StringComparison.Ordinal);
        Assert.Contains("learnt            0 of 0 tokens in 0 sequences", printed, StringComparison.Ordinal);
    }

    [Fact]
    public void A_script_gets_every_field()
    {
        string data = Write("data.csv", """"
            conversations
            "[{""from"": ""human"", ""value"": ""a""}]"
            """");
        using JsonDocument plain = JsonDocument.Parse(Result("data", data, "--json"));
        JsonElement unusable = Assert.Single(plain.RootElement.GetProperty("unusable").EnumerateArray());
        Assert.Equal("no answer", unusable.GetProperty("kind").GetString());
        Assert.Equal("row 1 (line 2)", Assert.Single(unusable.GetProperty("places").EnumerateArray()).GetString());
        Assert.Equal("csv", plain.RootElement.GetProperty("container").GetString());
        Assert.Equal(JsonValueKind.Null, plain.RootElement.GetProperty("license").ValueKind);
        Assert.Equal(64, plain.RootElement.GetProperty("sha256").GetString()!.Length);

        string text = Write("data.txt", "the dog sat on the mat.");
        using JsonDocument said = JsonDocument.Parse(Result("data", text, "--model", TinyModel, "--json"));
        Assert.Equal(1, said.RootElement.GetProperty("sequence_count").GetInt32());
        JsonElement shown = Assert.Single(said.RootElement.GetProperty("shown").EnumerateArray());
        Assert.Equal(
            said.RootElement.GetProperty("trained_token_count").GetInt32(),
            shown.GetProperty("tokens").EnumerateArray().Count(token => token.GetProperty("learnt").GetBoolean()));
    }

    [Fact]
    public void A_terminal_gets_no_control_characters_out_of_data()
    {
        string data = Write("data.jsonl", """{"instruction": "\u001b[2J", "output": "\u001b[31mred"}""");
        using TestTerminal terminal = new("") { IsPersonal = true };
        CommandResult result = Run(terminal, "data", data, "--model", TinyModel, "--template", "alpaca");
        Assert.Equal(ExitCodes.Success, result.ExitCode);
        Assert.DoesNotContain("\u001b[2J", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[31mred", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_context_is_the_models_own_but_no_more_than_tuning_takes()
    {
        string data = Write("data.jsonl", Records);
        string[] arguments = ["--template", "alpaca", "--show", "0"];
        string file = Result(["data", data, "--model", TinyModel, .. arguments]);
        Assert.Contains("context           512 tokens at most", file, StringComparison.Ordinal);
        string smaller = Result(["data", data, "--model", ModelOfContext(64), .. arguments]);
        Assert.Contains("context           64 tokens at most", smaller, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tuning_run_says_what_it_changes_in_the_data()
    {
        string data = Write("data.json", """
            [{"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"},
              {"role": "assistant", "content": "c"}]}]
            """);
        CommandResult result = Run(
            "tune", TinyModel, data, "-o", InFolder("mine"), "--template", "alpaca", "--steps", "1", "--context", "256",
            "--batch", "1", "--rank", "2", "--threads", "1", "--json");
        Assert.Contains(
            "1 records are changed (record 1 (line 1) first): messages of one speaker in a row are joined",
            result.Error,
            StringComparison.Ordinal);
        using JsonDocument said = JsonDocument.Parse(result.Output);
        Assert.Single(said.RootElement.GetProperty("changed").EnumerateArray());
    }

    [Fact]
    public void What_makes_no_sense_is_refused_with_one_line()
    {
        string data = Write("data.jsonl", Records);
        string text = Write("data.txt", "words");
        Assert.Contains(
            "go with --model", Refusal(ExitCodes.Usage, "data", data, "--ids"), StringComparison.Ordinal);
        Assert.Contains(
            "to which no template applies",
            Refusal(ExitCodes.Usage, "data", text, "--model", TinyModel, "--template", "alpaca"),
            StringComparison.Ordinal);
        Assert.Contains(
            "line 1: malformed JSON",
            Refusal(ExitCodes.Failure, "data", text, "--format", "alpaca,json"),
            StringComparison.Ordinal);
        string gone = InFolder("gone.json");
        Assert.Contains(gone, Refusal(ExitCodes.Failure, "data", gone), StringComparison.Ordinal);
    }

    [Fact]
    public void Tuning_reads_the_same_formats()
    {
        string data = Write("data.csv", "instruction;context;response\nSay hello.;;hello\nSay bye.;;bye\n");
        string[] tune = ["tune", TinyModel, data, "-o", InFolder("mine"), "--template", "alpaca", "--steps", "1"];
        string[] small = ["--context", "256", "--batch", "1", "--rank", "2", "--threads", "1", "--json"];
        using JsonDocument said = JsonDocument.Parse(Run([.. tune, .. small, "--format", "dolly"]).Output);
        Assert.Equal(2, said.RootElement.GetProperty("record_count").GetInt32());
        Assert.Empty(said.RootElement.GetProperty("dropped").EnumerateArray());

        string chat = Fixtures.TestData("datasets", "messages.parquet");
        using JsonDocument parquet = JsonDocument.Parse(
            Run(["tune", TinyModel, chat, "-o", InFolder("other"), "--template", "llama-2", "--steps", "1", .. small])
                .Output);
        Assert.Empty(parquet.RootElement.GetProperty("changed").EnumerateArray());
        Assert.Equal(3, parquet.RootElement.GetProperty("record_count").GetInt32());
    }

    // A vocabulary is enough: the file has no weights.
    private string ModelOfContext(uint length)
    {
        using GgufFile file = GgufFile.Open(TinyModel);
        Metadata metadata = new(TinyModel);
        foreach (MetadataValue value in file.Metadata.Where(value => value.Key != "llama.context_length"))
        {
            metadata.TryAdd(value);
        }

        metadata.Add("llama.context_length", length);
        string path = InFolder("small.gguf");
        GgufWriter.Write(path, metadata, []);
        return path;
    }
}
