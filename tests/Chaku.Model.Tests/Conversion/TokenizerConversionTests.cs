using System.Text.Json.Nodes;
using Chaku.Model.Conversion;
using Chaku.Model.Families;
using Chaku.Model.Files;
using Chaku.Model.Tests.Tokenizers;
using Chaku.Model.Tests.Tokenizers.HuggingFace;
using Chaku.Model.Tokenizers;
using Chaku.Model.Tokenizers.HuggingFace;
using Chaku.Tests;
using static Chaku.Model.Tests.Conversion.ConvertedTokenizer;

namespace Chaku.Model.Tests.Conversion;

/// <summary>Vocabularies of GGUF files become a folder's files, and come back, with the same tokens.</summary>
public sealed class TokenizerConversionTests
{
    /// <summary>Real vocabularies, with the tokens that llama.cpp gives.</summary>
    public static TheoryData<string> WithVectors =>
        ["llama-spm", "phi-3", "gpt-2", "falcon", "llama-bpe", "qwen2", "starcoder"];

    [Theory]
    [MemberData(nameof(WithVectors))]
    public void The_folder_of_a_real_vocabulary_gives_the_tokens_of_llama_cpp(string name)
    {
        using TemporaryFolder folder = new();
        Tokenizer source = SampleVocabularies.Shared("tokenizers", $"ggml-vocab-{name}.gguf");

        TokenizerFolder made = Write(folder, source, []);
        Tokenizer back = ReadBack(made, source.Vocabulary.Source.Architecture!, []);

        string inputs = File.ReadAllText(Fixtures.Shared("tokenizers", $"ggml-vocab-{name}.gguf.inp"));
        string[] expected = File.ReadAllLines(Fixtures.Shared("tokenizers", $"ggml-vocab-{name}.gguf.out"));
        foreach ((string text, string line) in inputs.Split("\n__ggml_vocab_test__\n")[..^1].Zip(expected))
        {
            Assert.Equal(line.Trim(), string.Join(' ', made.Tokenizer!.Encode(text, addSpecial: false)));
            Assert.Equal(line.Trim(), string.Join(' ', back.Encode(text, addSpecial: false)));
        }
    }

    [Theory]
    [InlineData("tokenizers", "ggml-vocab-llama-spm.gguf")]
    [InlineData("tokenizers", "ggml-vocab-phi-3.gguf")]
    [InlineData("tokenizers", "ggml-vocab-gpt-2.gguf")]
    [InlineData("tokenizers", "ggml-vocab-gpt-neox.gguf")]
    [InlineData("tokenizers", "ggml-vocab-falcon.gguf")]
    [InlineData("tokenizers", "ggml-vocab-llama-bpe.gguf")]
    [InlineData("tokenizers", "ggml-vocab-qwen2.gguf")]
    [InlineData("tokenizers", "ggml-vocab-starcoder.gguf")]
    [InlineData("models", "stories260K/stories260K.gguf")]
    public void A_real_vocabulary_comes_back(string where, string name) =>
        AssertComesBack(SampleVocabularies.Shared([where, .. name.Split('/')]));

    [Fact]
    public void The_vocabulary_that_the_program_carries_comes_back()
    {
        using GgufFile file =
            GgufFile.Open(Path.Combine(Fixtures.Checkout, "models", "chaku-tiny", "chaku-tiny.gguf"));

        AssertComesBack(Tokenizer.FromGguf(file));
    }

    [Fact]
    public void Every_kind_of_tokenizer_has_files() =>
        Assert.Equal(
            TokenizerKinds.All.Select(kind => kind.Name).Order(StringComparer.Ordinal),
            TokenizerFiles.KindNames.Order(StringComparer.Ordinal));

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Marks_around_a_text_are_kept(bool addBos, bool addEos)
    {
        VocabularySource plain = SampleVocabularies.ByteLevel("t h", "th e");
        AssertComesBack(Tokenizer.Create(plain with { AddBos = addBos, AddEos = addEos, Architecture = "gpt2" }));
        VocabularySource pieces = SampleVocabularies.SentencePiece("▁", "a", "▁a");
        AssertComesBack(Tokenizer.Create(
            pieces with { AddBos = addBos, AddEos = addEos, AddSpacePrefix = addEos, Architecture = "llama" }));
    }

    /// <summary>Transformers' class adds a space unless its settings say otherwise.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_space_before_a_text_is_kept_whichever_file_is_read(bool addsSpace)
    {
        using TemporaryFolder folder = new();
        VocabularySource pieces = SampleVocabularies.SentencePiece("▁", "a", "▁a");
        Tokenizer source =
            Tokenizer.Create(pieces with { AddSpacePrefix = addsSpace, AddBos = true, Architecture = "gemma2" });
        TokenizerFolder both = Write(folder, source, []);
        JsonNode settings = JsonNode.Parse(File.ReadAllText(folder["tokenizer_config.json"]))!;
        Assert.Equal(addsSpace, settings["add_prefix_space"]?.GetValue<bool>() ?? true);
        Assert.True(settings["legacy"]!.GetValue<bool>());
        Assert.Equal("GemmaTokenizer", new Gemma2Family().SentencePieceClass);
        int[] expected = addsSpace ? [1, 261, 260] : [1, 260, 260];

        Assert.Equal(expected, both.Tokenizer!.Encode("aa"));
        Assert.Equal(expected, ReadBack(both, "gemma2", []).Encode("aa"));
        File.Move(folder["tokenizer.model"], folder["kept"]);
        Assert.Equal(expected, ReadBack(TokenizerFolder.Open(folder.Path), "gemma2", []).Encode("aa"));
        File.Move(folder["kept"], folder["tokenizer.model"]);
        File.Delete(folder["tokenizer.json"]);
        Assert.Equal(expected, TokenizerFolder.Open(folder.Path).Tokenizer!.Encode("aa"));
    }

    [Fact]
    public void Tokens_that_end_an_answer_are_kept()
    {
        VocabularySource plain = SampleVocabularies.ByteLevel("t h")
            .With("<stop>", TokenType.Control)
            .With("<stop2>", TokenType.Control);

        AssertComesBack(Tokenizer.Create(plain with { EotId = 258, EomId = 259, Architecture = "gpt2" }));
    }

    [Fact]
    public void A_normal_form_that_GGUF_has_no_key_for_is_said()
    {
        using TemporaryFolder folder = new();
        VocabularySource plain = SampleVocabularies.ByteLevel("t h") with { Architecture = "gpt2" };
        Write(folder, Tokenizer.Create(plain), []);
        JsonNode json = JsonNode.Parse(File.ReadAllText(folder["tokenizer.json"]))!;
        List<string> remarks = [];

        json["normalizer"] = JsonNode.Parse("""{"type": "NFC"}""");
        folder.Write("tokenizer.json", json.ToJsonString());
        ReadBack(TokenizerFolder.Open(folder.Path), "gpt2", remarks);

        Assert.Contains("normal form", Assert.Single(remarks), StringComparison.Ordinal);
    }

    /// <summary>Whatever its steps are: GGUF's words for it give the reference's tokens, or there are none.</summary>
    [Fact]
    public void A_tokenizer_json_keeps_its_tokens_or_is_refused()
    {
        List<string> kept = [];
        foreach (ITheoryDataRow row in TokenizerStepsTests.Names)
        {
            string name = (string)row.GetData()[0]!;
            using TemporaryFolder folder = new();
            JsonNode golden = TokenizerStepsTests.Find(name);
            folder.Write("tokenizer.json", TokenizerStepsTests.ToTokenizerJson(golden).ToJsonString());
            folder.Write("chat_template.jinja", Template);
            List<string> remarks = [];
            if (Record.Exception(() => ReadBack(TokenizerFolder.Open(folder.Path), "gpt2", remarks)) is { } refusal)
            {
                Assert.IsType<ModelFormatException>(refusal);
                continue;
            }

            kept.Add(name);
            Tokenizer written = ReadBack(TokenizerFolder.Open(folder.Path), "gpt2", remarks);
            foreach (JsonNode? result in golden["results"]!.AsArray())
            {
                int[] ids = written.Encode(result!["text"]!.GetValue<string>(), parseSpecial: true);
                string expected = string.Join(' ', result["ids"]!.AsArray());
                Assert.Equal($"{name}: {expected}", $"{name}: {string.Join(' ', ids)}");
            }
        }

        Assert.Equal(
            [
                "Metaspace never whole", "ByteLevel", "Falcon's steps", "Llama 3's steps", "Llama 2's steps",
                "Sequence of processors",
            ],
            kept);
    }

    /// <summary>
    /// Merges are listed as Hugging Face's library lists them: every two pieces that make a third, by its score.
    /// </summary>
    [Fact]
    public void SentencePiece_as_a_tokenizer_json_keeps_its_tokens()
    {
        using TemporaryFolder folder = new();
        Tokenizer source = SampleVocabularies.Shared("models", "stories260K", "stories260K.gguf");
        AssertMergesOf(source);
        folder.Write("tokenizer.json", AsMerges(source.Vocabulary).ToJsonString());
        folder.Write("chat_template.jinja", Template);
        List<string> remarks = [];

        TokenizerFolder json = TokenizerFolder.Open(folder.Path);
        Tokenizer back = ReadBack(json, "llama", remarks);

        Assert.Equal("llama", back.Vocabulary.Source.Kind);
        string story = File.ReadAllText(Fixtures.Shared("models", "stories260K", "EXPECTED.md"));
        Assert.Equal(source.Encode(story), json.Tokenizer!.Encode(story));
        Assert.Equal(source.Encode(story), back.Encode(story));
    }

    // What a folder gets beside tokenizer.model merges the same pairs in the same order, and asks transformers for the
    // settings that the vocabulary has.
    private static void AssertMergesOf(Tokenizer source)
    {
        using TemporaryFolder folder = new();
        Write(folder, source, []);
        JsonNode json = JsonNode.Parse(File.ReadAllText(folder["tokenizer.json"]))!;
        JsonNode settings = JsonNode.Parse(File.ReadAllText(folder["tokenizer_config.json"]))!;
        Assert.Equal(
            AsMerges(source.Vocabulary)["model"]!["merges"]!.AsArray()
                .Select(merge => $"{merge![0]} {merge[1]}").Order(StringComparer.Ordinal),
            json["model"]!["merges"]!.AsArray().Select(merge => $"{merge}").Order(StringComparer.Ordinal));
        Assert.Equal("LlamaTokenizer", settings["tokenizer_class"]!.GetValue<string>());
        Assert.True(settings["legacy"]!.GetValue<bool>());
        Assert.Null(settings["add_prefix_space"]);
    }

    private static JsonObject AsMerges(Vocabulary vocabulary)
    {
        string[] pieces = [.. Enumerable.Range(0, vocabulary.Count).Select(id => vocabulary.Spell(id)!)];
        IEnumerable<(string Left, string Right, float Score)> merges =
            from id in Enumerable.Range(0, pieces.Length)
            where vocabulary.TypeOf(id) == TokenType.Normal
            from cut in Enumerable.Range(1, Math.Max(0, pieces[id].Length - 1))
            let left = pieces[id][..cut]
            let right = pieces[id][cut..]
            where pieces.Contains(left) && pieces.Contains(right)
            select (left, right, vocabulary.Source.Scores![id]);
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray([.. ((int[])[0, 1, 2]).Select(id => (JsonNode)new JsonObject
            {
                ["id"] = id,
                ["content"] = pieces[id],
                ["special"] = true,
            })]),
            ["normalizer"] = JsonNode.Parse(
                """
                {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"},
                {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}
                """),
            ["post_processor"] = JsonNode.Parse(
                """
                {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}}], "pair": [],
                "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}}
                """),
            ["decoder"] = JsonNode.Parse(
                """
                {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
                """),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["unk_token"] = "<unk>",
                ["fuse_unk"] = true,
                ["byte_fallback"] = true,
                ["vocab"] = new JsonObject(
                    [.. pieces.Select((piece, id) => KeyValuePair.Create(piece, (JsonNode?)id))]),
                ["merges"] = new JsonArray([.. merges.OrderByDescending(merge => merge.Score)
                    .Select(merge => (JsonNode)new JsonArray(merge.Left, merge.Right))]),
            },
        };
    }

    private static void AssertComesBack(Tokenizer source)
    {
        using TemporaryFolder folder = new();
        List<string> remarks = [];
        TokenizerFolder made = Write(folder, source, remarks);

        Assert.Equal(Template, made.ChatTemplate);
        AssertSame(source, made.Tokenizer!);
        AssertSame(source, ReadBack(made, source.Vocabulary.Source.Architecture!, remarks));
        Assert.DoesNotContain(remarks, remark => remark.Contains("marks", StringComparison.Ordinal));
        Assert.True(File.Exists(folder["tokenizer.json"]), string.Concat(remarks));
        File.Delete(folder["tokenizer.json"]);
        if (File.Exists(folder["tokenizer.model"]))
        {
            AssertSame(source, TokenizerFolder.Open(folder.Path, source.Vocabulary.Count).Tokenizer!);
        }
    }

    private static void AssertSame(Tokenizer expected, Tokenizer actual)
    {
        Assert.Equal(expected.Vocabulary.Count, actual.Vocabulary.Count);
        Assert.Equal(expected.Vocabulary.BosId, actual.Vocabulary.BosId);
        Assert.Equal(expected.Vocabulary.EosId, actual.Vocabulary.EosId);
        Assert.Equal(expected.Vocabulary.EndOfGeneration.Order(), actual.Vocabulary.EndOfGeneration.Order());
        Assert.True(TokenizerProbe.AreSame(expected, actual));
        foreach (string text in DifficultTexts(expected))
        {
            Assert.Equal(Encode(expected, text, false), Encode(actual, text, false));
            Assert.Equal(Encode(expected, text, true), Encode(actual, text, true));
        }

        for (int id = 0; id < expected.Vocabulary.Count; id++)
        {
            Assert.Equal(expected.BytesOf(id), actual.BytesOf(id));
        }
    }

    private static int[] Encode(Tokenizer tokenizer, string text, bool parseSpecial)
    {
        try
        {
            return tokenizer.Encode(text, parseSpecial);
        }
        catch (UnspellableTextException)
        {
            return [-1];
        }
    }

    // Marks in text, with and without spaces around them, and what no pre-tokenizer leaves alone.
    private static IEnumerable<string> DifficultTexts(Tokenizer tokenizer)
    {
        IEnumerable<int> marks = Enumerable.Range(0, tokenizer.Vocabulary.Count)
            .Where(id => tokenizer.Vocabulary.TypeOf(id) is TokenType.Control or TokenType.UserDefined)
            .Take(40);
        return
        [
            "", " ", "\n", "the the", "  the\n\n the\t", "a\u0000b", "\uFFFD \u2581 ▁▁", "<0x41> <unk> </s>",
            .. marks.Select(id => tokenizer.Vocabulary.Spell(id)!)
                .SelectMany(TokenizerProbe.TextsWith),
        ];
    }
}
