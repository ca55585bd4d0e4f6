using System.Text;
using Chaku.Model.Tokenizers;
using Chaku.Model.Tokenizers.HuggingFace;
using Chaku.Tests;

namespace Chaku.Model.Tests.Tokenizers.HuggingFace;

public sealed class TokenizerFolderTests
{
    private const string Config = "tokenizer_config.json";

    [Fact]
    public void A_folder_without_a_vocabulary_has_no_tokenizer_and_is_no_error()
    {
        using TemporaryFolder folder = new();

        TokenizerFolder read = TokenizerFolder.Open(folder.Path);

        Assert.Null(read.Tokenizer);
        Assert.Null(read.ChatTemplate);
    }

    [Theory]
    [InlineData("{}", new[] { 7 })]
    [InlineData("""{"bos_token": "<s>", "add_bos_token": true}""", new[] { 1, 7 })]
    [InlineData("""{"bos_token": {"__type": "AddedToken", "content": "<s>"}, "add_bos_token": true}""", new[] { 1, 7 })]
    [InlineData("""{"bos_token": "<s>"}""", new[] { 7 })]
    [InlineData("""{"bos_token": null, "add_bos_token": true}""", new[] { 7 })]
    [InlineData("""{"eos_token": "</s>", "add_eos_token": true}""", new[] { 7, 2 })]
    public void The_settings_say_which_tokens_go_around_a_text(string config, int[] expected)
    {
        using TemporaryFolder folder = Folder((Config, config));

        Assert.Equal(expected, TokenizerFolder.Open(folder.Path).Tokenizer!.Encode("abc"));
    }

    [Fact]
    public void Marks_may_be_in_the_older_file_of_special_tokens()
    {
        using TemporaryFolder folder = Folder(
            (Config, """{"add_bos_token": true}"""),
            ("special_tokens_map.json", """{"bos_token": {"content": "<s>"}, "eos_token": "</s>"}"""));

        Tokenizer tokenizer = TokenizerFolder.Open(folder.Path).Tokenizer!;

        Assert.Equal([1, 7], tokenizer.Encode("abc"));
        Assert.Equal(2, tokenizer.Vocabulary.EosId);
    }

    [Fact]
    public void Added_tokens_of_the_settings_are_found_in_text()
    {
        using TemporaryFolder folder = Folder((Config, """
            {"added_tokens_decoder": {
              "8": {"content": "bc", "special": false, "normalized": false},
              "9": {"content": "<|im_end|>", "special": true}}}
            """));

        Tokenizer tokenizer = TokenizerFolder.Open(folder.Path).Tokenizer!;

        Assert.Equal([3, 8, 9], tokenizer.Encode("abc<|im_end|>", parseSpecial: true));
        Assert.Contains(9, tokenizer.Vocabulary.EndOfGeneration);
    }

    [Fact]
    public void Ids_that_no_file_names_are_unused_up_to_what_the_model_has()
    {
        using TemporaryFolder folder = Folder();

        Vocabulary vocabulary = TokenizerFolder.Open(folder.Path, tokenCount: 64).Tokenizer!.Vocabulary;

        Assert.Equal(64, vocabulary.Count);
        Assert.Equal(TokenType.Unused, vocabulary.TypeOf(63));
        Assert.Equal(8, TokenizerFolder.Open(folder.Path).Tokenizer!.Vocabulary.Count);
    }

    [Theory]
    [InlineData("""{"bos_token": "<bos>"}""", "'<bos>'")]
    [InlineData("""{"added_tokens_decoder": {"3": {"content": "x"}}}""", "with one id")]
    [InlineData("""{"added_tokens_decoder": {"x": {"content": "x"}}}""", "ids as names")]
    [InlineData("""{"added_tokens_decoder": {"2000000000": {"content": "x"}}}""", "an id from 0")]
    [InlineData("""{"add_bos_token": "yes"}""", "true or false")]
    public void Settings_that_do_not_fit_are_refused(string config, string expected)
    {
        using TemporaryFolder folder = Folder((Config, config));

        ModelFormatException refusal =
            Assert.Throws<ModelFormatException>(() => TokenizerFolder.Open(folder.Path));

        Assert.Contains(expected, refusal.Expected, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"chat_template": "{{ x }}"}""", null, "{{ x }}")]
    [InlineData(
        """{"chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]}""",
        null,
        "d")]
    [InlineData("""{"chat_template": "{{ x }}"}""", "{{ file }}\n", "{{ file }}\n")]
    [InlineData("{}", null, null)]
    public void The_chat_template_is_the_files_own_or_the_settings(string config, string? file, string? expected)
    {
        using TemporaryFolder folder = Folder((Config, config));
        if (file is not null)
        {
            _ = folder.Write("chat_template.jinja", Encoding.UTF8.GetBytes(file));
        }

        Assert.Equal(expected, TokenizerFolder.Open(folder.Path).ChatTemplate);
    }

    [Theory]
    [InlineData("generation_config.json", """{"eos_token_id": [2, 5]}""", new[] { 2, 5 })]
    [InlineData("generation_config.json", """{"eos_token_id": 5}""", new[] { 5 })]
    [InlineData("generation_config.json", """{"eos_token_id": -1}""", new int[0])]
    [InlineData("config.json", """{"eos_token_id": 4, "model_type": "llama"}""", new[] { 4 })]
    public void Stop_tokens_are_the_tokenizers_too(string name, string json, int[] expected)
    {
        using TemporaryFolder folder = Folder((name, json));

        TokenizerFolder read = TokenizerFolder.Open(folder.Path);

        Assert.Equal(expected, StopTokens.Read(folder.Path));
        Assert.Superset(expected.ToHashSet(), read.Tokenizer!.Vocabulary.EndOfGeneration.ToHashSet());
    }

    [Fact]
    public void GPT_2s_two_files_make_a_tokenizer()
    {
        using TemporaryFolder folder = new();
        _ = folder.Write("vocab.json", Encoding.UTF8.GetBytes(ByteVocabulary("ab", "Ġa", "Ġab")));
        _ = folder.Write("merges.txt", "#version: 0.2\na b\nĠ a\nĠ ab\n"u8.ToArray());
        Tokenizer tokenizer = TokenizerFolder.Open(folder.Path).Tokenizer!;

        Assert.Equal([256, 258, 257], tokenizer.Encode("ab ab a"));
        Assert.Equal("ab ab a", tokenizer.Decode([256, 258, 257]));
    }

    [Theory]
    [InlineData("a\n", "two tokens")]
    [InlineData("a z z\n", "two tokens")]
    [InlineData("b a\n", "two tokens")]
    public void Merges_that_are_none_are_refused(string merges, string expected)
    {
        using TemporaryFolder folder = new();
        _ = folder.Write("vocab.json", Encoding.UTF8.GetBytes(ByteVocabulary("ab")));
        _ = folder.Write("merges.txt", Encoding.UTF8.GetBytes(merges));

        ModelFormatException refusal =
            Assert.Throws<ModelFormatException>(() => TokenizerFolder.Open(folder.Path));

        Assert.Contains(expected, refusal.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_such_files_of_another_class_are_refused_by_name()
    {
        using TemporaryFolder folder = new();
        _ = folder.Write("vocab.json", "{}"u8.ToArray());
        _ = folder.Write("merges.txt", []);
        _ = folder.Write(Config, """{"tokenizer_class": "Qwen2Tokenizer"}"""u8.ToArray());

        ModelFormatException refusal =
            Assert.Throws<ModelFormatException>(() => TokenizerFolder.Open(folder.Path));

        Assert.Contains("Qwen2Tokenizer", refusal.Found, StringComparison.Ordinal);
    }

    private static string ByteVocabulary(params string[] merged)
    {
        IEnumerable<string> letters = Enumerable.Range(0, 256).Select(
            static value => ByteLevelAlphabet.LetterOf((byte)value).ToString());
        IEnumerable<string> entries = letters.Concat(merged).Select(
            static (token, id) => $"{System.Text.Json.JsonSerializer.Serialize(token)}: {id}");
        return $"{{{string.Join(", ", entries)}}}";
    }

    private static TemporaryFolder Folder(params (string Name, string Text)[] files)
    {
        TemporaryFolder folder = new();
        _ = folder.Write("tokenizer.json", Encoding.UTF8.GetBytes(SampleTokenizerJson.Text));
        foreach ((string name, string text) in files)
        {
            _ = folder.Write(name, Encoding.UTF8.GetBytes(text));
        }

        return folder;
    }
}
