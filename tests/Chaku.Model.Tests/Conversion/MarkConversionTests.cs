using System.Text.Json.Nodes;
using Chaku.Model.Conversion;
using Chaku.Model.Families;
using Chaku.Model.Files;
using Chaku.Model.Tests.Tokenizers;
using Chaku.Model.Tokenizers;
using Chaku.Model.Tokenizers.HuggingFace;
using Chaku.Tests;
using static Chaku.Model.Tests.Conversion.ConvertedTokenizer;

namespace Chaku.Model.Tests.Conversion;

/// <summary>Marks, stops, padding and templates: what a tokenizer has beside its vocabulary.</summary>
public sealed class MarkConversionTests
{
    private const int UserId = 258;

    [Theory]
    [InlineData("rstrip")]
    [InlineData("lstrip")]
    [InlineData("single_word")]
    public void A_mark_that_takes_spaces_in_or_wants_none_beside_it_is_named(string property)
    {
        using TemporaryFolder folder = new();
        List<string> remarks = [];
        Write(folder, WithUser(TokenType.Control), remarks);
        Assert.Empty(remarks);
        Edit(folder, "tokenizer.json", json => json["added_tokens"]!.AsArray()
            .Single(token => token!["content"]!.GetValue<string>() == "<|user|>")![property] = true);
        Edit(folder, "tokenizer_config.json", json => json["added_tokens_decoder"]!["258"]![property] = true);

        TokenizerFolder read = TokenizerFolder.Open(folder.Path);
        Tokenizer written = ReadBack(read, "gpt2", remarks);

        Assert.EndsWith("other tokens: '<|user|>'", Assert.Single(remarks), StringComparison.Ordinal);
        Assert.Equal(read.Tokenizer!.Encode("the  the\n"), written.Encode("the  the\n"));
    }

    /// <summary>Phi-3's marks take the spaces behind them in, in llama.cpp as well, without a key.</summary>
    [Fact]
    public void Marks_that_readers_of_a_family_know_need_no_word()
    {
        using TemporaryFolder folder = new();
        List<string> remarks = [];
        VocabularySource pieces = SampleVocabularies.SentencePiece("▁", "a", "▁a", "b", "c");
        pieces = pieces.With("<|user|>", TokenType.Control) with { Architecture = "phi3" };
        Tokenizer source = Tokenizer.Create(pieces with { Matching = GgufMatching.Find(pieces) });

        TokenizerFolder made = Write(folder, source, remarks);
        Tokenizer back = ReadBack(made, "phi3", remarks);

        Assert.Empty(remarks);
        int[] expected = [1, 261, 264, 259, 262];
        Assert.All(
            (Tokenizer[])[source, made.Tokenizer!, back],
            tokenizer => Assert.Equal(expected, tokenizer.Encode("a<|user|> \n b", parseSpecial: true)));
    }

    [Fact]
    public void A_stop_that_is_ordinary_text_stays_text_and_is_named()
    {
        using TemporaryFolder folder = new();
        List<string> remarks = [];
        Write(folder, WithUser(TokenType.Control), remarks);
        int word = WithUser(TokenType.Control).Vocabulary.Find("th")!.Value;
        folder.Write("generation_config.json", $$"""{"eos_token_id": [257, {{word}}, {{UserId}}]}""");

        TokenizerFolder read = TokenizerFolder.Open(folder.Path);
        using GgufFile file = WriteGguf(read, "gpt2", remarks);
        Tokenizer written = Tokenizer.FromGguf(file);

        Assert.EndsWith("left out are 'th'", Assert.Single(remarks), StringComparison.Ordinal);
        Assert.Equal(UserId, file.Metadata["tokenizer.ggml.eot_token_id"].AsInt64());
        Assert.Null(file.Metadata.Find("tokenizer.ggml.eom_token_id"));
        Assert.Contains(word, written.Encode("the"));
        Assert.Equal(read.Tokenizer!.Encode("the <|user|>th"), written.Encode("the <|user|>th"));
    }

    [Theory]
    [InlineData("tokenizer_config.json", "pad_token", "\"<|user|>\"")]
    [InlineData("tokenizer_config.json", "pad_token", "{\"content\": \"<|user|>\"}")]
    [InlineData("special_tokens_map.json", "pad_token", "\"<|user|>\"")]
    [InlineData("config.json", "pad_token_id", "258")]
    public void The_token_that_fills_batches_up_goes_there_and_back(string file, string key, string value)
    {
        using TemporaryFolder folder = new();
        SmallLlama.Write(folder, 8, config => config.Remove("pad_token_id"), vocabulary: 259);
        foreach ((string name, Action<Stream> write) in TokenizerFiles.Of(
            WithUser(TokenType.Control), new LlamaFamily(), [], 512, []))
        {
            using FileStream stream = File.Create(folder[name]);
            write(stream);
        }

        JsonObject json = File.Exists(folder[file])
            ? JsonNode.Parse(File.ReadAllText(folder[file]))!.AsObject()
            : [];
        json[key] = JsonNode.Parse(value);
        folder.Write(file, json.ToJsonString());

        using TemporaryFolder made = new();
        Converted.Run(folder.Path, made["made.gguf"]);
        Converted.Run(made["made.gguf"], made["back"]);

        using GgufFile gguf = GgufFile.Open(made["made.gguf"]);
        Assert.Equal(UserId, gguf.Metadata["tokenizer.ggml.padding_token_id"].AsInt64());
        Assert.Equal(UserId, Back("config.json")["pad_token_id"]!.GetValue<int>());
        Assert.Equal("<|user|>", Back("tokenizer_config.json")["pad_token"]!.GetValue<string>());

        JsonNode Back(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(made["back"], name)))!;
    }

    /// <summary>The keys are those of <c>add_chat_template</c> in llama.cpp's <c>gguf_writer.py</c>.</summary>
    [Fact]
    public void Templates_for_other_uses_go_there_and_back()
    {
        using TemporaryFolder folder = new();
        TokenizerFolder made = Write(folder, WithUser(TokenType.Control), [], new NamedTemplate("tool use", "TOOLS"));
        Directory.CreateDirectory(folder["additional_chat_templates"]);
        folder.Write(Path.Combine("additional_chat_templates", "rag.jinja"), "RAG");
        made = TokenizerFolder.Open(folder.Path);

        using GgufFile file = WriteGguf(made, "gpt2", []);

        Assert.Equal(Template, made.ChatTemplate);
        Assert.Equal(Template, file.Metadata["tokenizer.chat_template"].AsString());
        Assert.Equal("TOOLS", file.Metadata["tokenizer.chat_template.tool_use"].AsString());
        Assert.Equal("RAG", file.Metadata["tokenizer.chat_template.rag"].AsString());
        Assert.Equal(["tool_use", "rag"], file.Metadata["tokenizer.chat_templates"].AsStrings());
        Assert.Equal(
            [new NamedTemplate("tool_use", "TOOLS"), new NamedTemplate("rag", "RAG")],
            NamedTemplate.InGguf(file.Metadata));
    }

    [Fact]
    public void A_vocabulary_without_marks_says_that_it_has_none()
    {
        using TemporaryFolder folder = new();
        VocabularySource plain = SampleVocabularies.ByteLevel("t h");
        plain = plain with
        {
            Tokens = [.. plain.Tokens.SkipLast(1)],
            Types = [.. plain.Types!.SkipLast(1)],
            BosId = null,
            EosId = null,
            Architecture = "gpt2",
        };

        Write(folder, Tokenizer.Create(plain), []);

        Assert.Equal("{}", JsonNode.Parse(File.ReadAllText(folder["generation_config.json"]))!.ToJsonString());
    }

    private static Tokenizer WithUser(TokenType type) => Tokenizer.Create(
        SampleVocabularies.ByteLevel("t h").With("<|user|>", type) with { Architecture = "gpt2" });

    private static void Edit(TemporaryFolder folder, string name, Action<JsonNode> change)
    {
        JsonNode json = JsonNode.Parse(File.ReadAllText(folder[name]))!;
        change(json);
        folder.Write(name, json.ToJsonString());
    }
}
