using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Chaku.Model.Files;
using Chaku.Tests;

namespace Chaku.Cli.Tests.Commands;

/// <summary>tokenize, logits, perplexity and show.</summary>
public sealed class ScriptCommandTests : CommandSuite
{
    private const string GoldenTokens = "1 300 17 259 301 33 72 105 260 261 262 90 44 310 7 8 9 300 300 17 299 263";

    [Theory]
    [InlineData("llama-gqa")]
    [InlineData("llama-mqa-tied")]
    [InlineData("llama3-ropefreqs")]
    public void Logits_are_written_as_the_golden_ones(string name)
    {
        string model = Fixtures.TestData("models", "tiny", name + ".gguf");
        Assert.Equal("", Result("logits", model, "--tokens", GoldenTokens, "--out", InFolder("l.bin")));
        Assert.InRange(LargestDifference(Path.ChangeExtension(model, ".logits"), InFolder("l.bin")), 0, 2e-4);
        Assert.Single(Directory.GetFileSystemEntries(Folder));
    }

    [Theory]
    [InlineData("llama-gqa-Q8_0")]
    [InlineData("llama-gqa-Q4_K_M")]
    public void Exact_logits_are_those_of_float32_arithmetic(string name)
    {
        string model = Fixtures.TestData("models", "quant", name + ".gguf");
        Result("logits", model, "--tokens", GoldenTokens, "--out", InFolder("l.bin"), "--exact", "--chunk", "5");
        Assert.InRange(LargestDifference(Path.ChangeExtension(model, ".exact"), InFolder("l.bin")), 0, 2e-4);
    }

    [Fact]
    public void Logits_need_no_vocabulary_and_a_continuation_does()
    {
        string model = ModelWithoutVocabulary();
        using JsonDocument said = JsonDocument.Parse(
            Result("logits", model, "--tokens", "1,2, 3", "--out", InFolder("l.bin"), "--json"));
        Assert.Equal(3, said.RootElement.GetProperty("row_count").GetInt32());
        Assert.Equal(3 * 384 * sizeof(float), new FileInfo(InFolder("l.bin")).Length);
        Assert.Contains("tokenizer.ggml", Refusal(ExitCodes.Failure, "run", model, "abc"), StringComparison.Ordinal);
        Assert.Contains(
            "tokenizer.ggml", Refusal(ExitCodes.Failure, "tokenize", model, "abc"), StringComparison.Ordinal);
    }

    [Fact]
    public void Tokens_are_printed_for_people_and_for_scripts()
    {
        string ids = Result("tokenize", TinyModel, "a b", "--ids").TrimEnd();
        int[] parsed = [.. ids.Split(' ').Select(id => int.Parse(id, CultureInfo.InvariantCulture))];
        using JsonDocument said = JsonDocument.Parse(Result("tokenize", TinyModel, "a b", "--json"));
        JsonElement[] tokens = [.. said.RootElement.GetProperty("tokens").EnumerateArray()];
        Assert.Equal(parsed, tokens.Select(token => token.GetProperty("id").GetInt32()));
        Assert.Equal(" a b", string.Concat(tokens.Select(token => token.GetProperty("text").GetString())));
        Assert.Equal("1 " + ids, Result("tokenize", TinyModel, "a b", "--ids", "--special").TrimEnd());
        Assert.Equal(parsed.Length, Result("tokenize", TinyModel, "a b").Count(letter => letter == '\n'));
        Assert.Equal(ids, RunWith("a b", "tokenize", TinyModel, "-", "--ids").Output.TrimEnd());
    }

    [Fact]
    public void Tokens_of_a_real_vocabulary_are_the_golden_ones()
    {
        string model = Fixtures.Shared("tokenizers", "ggml-vocab-llama-spm.gguf");
        string[] texts = File.ReadAllText(model + ".inp").Split("\n__ggml_vocab_test__\n");
        string[] expected = File.ReadAllLines(model + ".out");
        foreach ((string text, string line) in texts.Zip(expected).Where(pair => pair.First != "-").Take(12))
        {
            Assert.Equal(line.Trim(), RunWith(text, "tokenize", model, "-", "--ids").Output.Trim());
        }
    }

    [Fact]
    public void Perplexity_prints_three_numbers_that_belong_together()
    {
        string text = Write("text.txt", string.Concat(Enumerable.Repeat("To be, or not to be. ", 20)));
        string[] lines = Result("perplexity", TinyModel, text, "--context", "32").Split('\n');
        double logLikelihood = Number(lines[0], "log-likelihood");
        double count = Number(lines[1], "tokens");
        Assert.Equal(Math.Exp(-logLikelihood / count), Number(lines[2], "perplexity"), 1e-9);
        using JsonDocument said = JsonDocument.Parse(
            Result("perplexity", TinyModel, text, "--context", "32", "--json"));
        Assert.Equal(logLikelihood, said.RootElement.GetProperty("log_likelihood").GetDouble());
        string ids = Result("tokenize", TinyModel, File.ReadAllText(text), "--ids");
        Assert.Equal(ids.Split(' ').Length, (int)count);
    }

    [Fact]
    public void Text_that_is_no_UTF_8_is_refused()
    {
        File.WriteAllBytes(InFolder("text.txt"), [0x61, 0xFF, 0x62]);
        Assert.Contains(
            "UTF-8",
            Refusal(ExitCodes.Failure, "perplexity", TinyModel, InFolder("text.txt")),
            StringComparison.Ordinal);
        Write("empty.txt", "");
        Assert.Contains(
            "no token to score",
            Refusal(ExitCodes.Failure, "perplexity", TinyModel, InFolder("empty.txt")),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_shows_what_it_is()
    {
        string shown = Result("show", TinyModel);
        Assert.Contains("license          not stated", shown, StringComparison.Ordinal);
        Assert.Contains("123,200", shown, StringComparison.Ordinal);
        Assert.Contains("384 × 64", shown, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', shown);
        using JsonDocument said = JsonDocument.Parse(Result("show", TinyModel, "--json", "--hash"));
        JsonElement root = said.RootElement;
        Assert.Equal("llama", root.GetProperty("architecture").GetString());
        Assert.Equal(64, root.GetProperty("content_hash").GetString()!.Length);
        Assert.Equal(512, root.GetProperty("metadata").GetProperty("llama.context_length").GetInt32());
        Assert.Equal(123200, root.GetProperty("formats")[0].GetProperty("weight_count").GetInt64());
        Assert.Equal(4 * 123200, root.GetProperty("formats")[0].GetProperty("byte_length").GetInt64());
    }

    [Fact]
    public void A_file_cannot_command_the_terminal()
    {
        Metadata metadata = new("evil.gguf");
        metadata.Add("general.architecture", "other");
        metadata.Add("general.name", "\u001b[2J[bold]name[/]\nsecond");
        GgufWriter.Write(InFolder("evil.gguf"), metadata, []);
        string shown = Result("show", InFolder("evil.gguf"));
        Assert.DoesNotContain('\u001b', shown);
        Assert.Contains("[bold]name[/] second", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void An_adapter_shows_what_it_is_and_changes_what_is_computed()
    {
        string adapter = Fixtures.TestData("oracle", "peft", "llama-gqa");
        using JsonDocument said = JsonDocument.Parse(Result("show", adapter, "--json"));
        Assert.Equal("adapter", said.RootElement.GetProperty("kind").GetString());
        Assert.Equal(JsonValueKind.Null, said.RootElement.GetProperty("base_content_hash").ValueKind);

        string[] logits = ["logits", TinyModel, "--tokens", "1 2 3", "--out"];
        Result([.. logits, InFolder("base.bin")]);
        CommandResult adapted = Run([.. logits, InFolder("adapted.bin"), "--adapter", adapter]);
        Assert.StartsWith("chaku: warning: ", adapted.Error, StringComparison.Ordinal);
        Run([.. logits, InFolder("off.bin"), "--adapter", adapter + "=0"]);
        Assert.InRange(LargestDifference(InFolder("base.bin"), InFolder("adapted.bin")), 0.01, 100);
        Assert.Equal(0, LargestDifference(InFolder("base.bin"), InFolder("off.bin")));
        Refusal(ExitCodes.Usage, [.. logits, InFolder("x.bin"), "--adapter", adapter + "=much"]);
    }

    private static double Number(string line, string name)
    {
        Assert.StartsWith(name, line, StringComparison.Ordinal);
        return double.Parse(line[name.Length..], CultureInfo.InvariantCulture);
    }

    private static double LargestDifference(string expected, string actual)
    {
        float[] one = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(expected)).ToArray();
        float[] other = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(actual)).ToArray();
        Assert.Equal(one.Length, other.Length);
        return one.Zip(other).Max(pair => Math.Abs(pair.First - pair.Second));
    }
}
