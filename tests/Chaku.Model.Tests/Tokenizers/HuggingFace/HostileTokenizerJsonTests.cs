using System.Diagnostics;
using System.Text;
using Chaku.Model.Tokenizers.HuggingFace;
using Chaku.Tests;
using CsCheck;

namespace Chaku.Model.Tests.Tokenizers.HuggingFace;

public sealed class HostileTokenizerJsonTests
{
    private const string Normaliser = "\"normalizer\": null";
    private const string PreTokeniser = "\"pre_tokenizer\": null";
    private const string PostProcessor = "\"post_processor\": null";
    private const string Decoder = "{\"type\": \"Fuse\"}";
    private const string Merges = "\"merges\": [\"a b\", \"ab c\"]";

    [Theory]
    [InlineData("\"type\": \"BPE\"", "\"type\": \"Unigram\"", "BPE as model.type", "Unigram")]
    [InlineData("\"type\": \"BPE\"", "\"type\": \"WordPiece\"", "BPE as model.type", "WordPiece")]
    [InlineData("\"type\": \"BPE\"", "\"type\": \"BPE\", \"dropout\": 0.1", "model.dropout", "0.1")]
    [InlineData("\"type\": \"BPE\"", "\"type\": \"BPE\", \"end_of_word_suffix\": \"x\"", "end_of_word_suffix", "x")]
    [InlineData("\"type\": \"BPE\"", "\"type\": \"BPE\", \"cache\": 1", "in model", "'cache'")]
    [InlineData("\"version\": \"1.0\"", "\"version\": \"2.0\"", "1.0 as version", "2.0")]
    [InlineData("\"version\": \"1.0\"", "\"version\": \"1.0\", \"magic\": 1", "only version", "'magic'")]
    [InlineData(Normaliser, "\"normalizer\": {\"type\": \"Precompiled\"}", "NFKC", "Precompiled")]
    [InlineData(Normaliser, "\"normalizer\": {\"type\": \"NFC\", \"x\": 1}", "only type", "'x'")]
    [InlineData(PreTokeniser, "\"pre_tokenizer\": {\"type\": \"BertPreTokenizer\"}", "Metaspace", "BertPreTokenizer")]
    [InlineData(PreTokeniser, "\"pre_tokenizer\": {}", "a property type", "none")]
    [InlineData(PreTokeniser, "\"pre_tokenizer\": []", "an object", "[]")]
    [InlineData(PostProcessor, "\"post_processor\": {\"type\": \"Magic\"}", "TemplateProcessing", "Magic")]
    [InlineData(Decoder, "{\"type\": \"WordPiece\"}", "ByteFallback", "WordPiece")]
    [InlineData(Decoder, "null", "a property decoder", "none")]
    [InlineData("\"abc\": 7", "\"abc\": 6", "every id once", "6 again")]
    [InlineData("\"abc\": 7", "\"abc\": 2147483648", "an integer from 0", "2147483648")]
    [InlineData("\"abc\": 7", "\"abc\": 2147483647", "an integer from 0", "2147483647")]
    [InlineData("\"abc\": 7", "\"abc\": -1", "an integer from 0", "-1")]
    [InlineData("\"abc\": 7", "\"abc\": 1e3", "an integer from 0", "1e3")]
    [InlineData("\"abc\": 7", "\"ab\": 7", "no property twice", "ab")]
    [InlineData(Merges, "\"merges\": [\"a z\"]", "two tokens that make a third", "a z")]
    [InlineData(Merges, "\"merges\": [\"b a\"]", "two tokens that make a third", "b a")]
    [InlineData(Merges, "\"merges\": [\"a b c\"]", "two tokens", "a b c")]
    [InlineData(Merges, "\"merges\": [[\"a\"]]", "two tokens", "a")]
    [InlineData(Merges, "\"merges\": 3", "a list as model.merges", "3")]
    [InlineData("\"unk_token\": \"<unk>\"", "\"unk_token\": \"?\"", "a token of the vocabulary", "?")]
    [InlineData("\"unk_token\": \"<unk>\"", "\"unk_token\": null", "a token for every byte", "0x0A")]
    [InlineData("{\"id\": 1, \"content\"", "{\"id\": 3, \"content\"", "every id with one token", "id 3")]
    [InlineData("{\"id\": 1, \"content\": \"<s>\"", "{\"id\": 1, \"content\": \"\"", "at least a character", "")]
    [InlineData("\"c\": 5", "\"\\ud800\": 5", "levels", "")]
    [InlineData("\"<unk>\", \"special\"", "\"\\ud800\", \"special\"", "a string of valid Unicode", "ud800")]
    public void What_is_not_understood_is_refused_by_name(string part, string other, string expected, string found)
    {
        ModelFormatException refusal = Refusal(SampleTokenizerJson.With(part, other));

        Assert.Contains(expected, refusal.Expected, StringComparison.Ordinal);
        Assert.Contains(found, refusal.Found, StringComparison.Ordinal);
        Assert.EndsWith("tokenizer.json", refusal.File, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[1, 2]", "1, 2")]
    [InlineData("[9]", "9")]
    public void Tokens_before_a_text_that_cannot_be_are_refused(string ids, string found)
    {
        string template = $$$"""
            "post_processor": {"type": "TemplateProcessing",
              "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}],
              "special_tokens": {"<s>": {"id": "<s>", "ids": {{{ids}}}, "tokens": ["<s>"]} } }
            """;

        ModelFormatException refusal = Refusal(SampleTokenizerJson.With(PostProcessor, template));

        Assert.Contains("at most one token before a text", refusal.Expected, StringComparison.Ordinal);
        Assert.Equal(found, refusal.Found);
    }

    [Fact]
    public void A_refusal_says_where()
    {
        string json = SampleTokenizerJson.With(Normaliser, "\"normalizer\": {\"type\": \"Magic\"}");

        Assert.Equal(json.IndexOf("\"Magic\"", StringComparison.Ordinal), Refusal(json).Offset);
    }

    [Fact]
    public void A_hundred_levels_are_refused_at_once()
    {
        string nested = string.Concat(Enumerable.Repeat("{\"type\": \"Sequence\", \"normalizers\": [", 50))
            + "{\"type\": \"NFC\"}" + string.Concat(Enumerable.Repeat("]}", 50));
        Stopwatch watch = Stopwatch.StartNew();

        ModelFormatException refusal = Refusal(SampleTokenizerJson.With(Normaliser, "\"normalizer\": " + nested));

        Assert.Contains("32 levels", refusal.Expected, StringComparison.Ordinal);
        Assert.InRange(watch.ElapsedMilliseconds, 0, 1000);
    }

    [Fact]
    public void Text_that_would_grow_without_end_is_refused()
    {
        string twice = "{\"type\": \"Replace\", \"pattern\": {\"String\": \"a\"}, \"content\": \"aa\"}";
        string steps = string.Join(", ", Enumerable.Repeat(twice, 60));
        using TemporaryFolder folder = Write(SampleTokenizerJson.With(
            Normaliser, $"\"normalizer\": {{\"type\": \"Sequence\", \"normalizers\": [{steps}]}}"));

        ModelFormatException refusal = Assert.Throws<ModelFormatException>(
            () => TokenizerFolder.Open(folder.Path).Tokenizer!.Encode("a"));

        Assert.Contains("32 times as long", refusal.Expected, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_UTF_8_are_refused()
    {
        byte[] bytes = Encoding.UTF8.GetBytes(SampleTokenizerJson.Text);
        bytes[SampleTokenizerJson.Text.IndexOf("\"abc\": 7", StringComparison.Ordinal) + 1] = 0xFF;
        using TemporaryFolder folder = new();
        File.WriteAllBytes(Path.Combine(folder.Path, "tokenizer.json"), bytes);

        Assert.Throws<ModelFormatException>(() => TokenizerFolder.Open(folder.Path));
    }

    [Fact]
    public void A_file_with_any_byte_changed_or_cut_off_is_read_or_refused()
    {
        byte[] whole = Encoding.UTF8.GetBytes(SampleTokenizerJson.Text);
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte, Gen.Bool).Sample(
            (position, value, isCut) =>
            {
                byte[] bytes = isCut ? whole[..position] : [.. whole];
                if (!isCut)
                {
                    bytes[position] = value;
                }

                using TemporaryFolder folder = new();
                File.WriteAllBytes(Path.Combine(folder.Path, "tokenizer.json"), bytes);
                try
                {
                    _ = TokenizerFolder.Open(folder.Path).Tokenizer!.Encode("abc</s> d");
                }
                catch (ModelFormatException)
                {
                    // Refused: what is asked for is that nothing else is thrown.
                }
            },
            iter: 300);
    }

    private static TemporaryFolder Write(string json)
    {
        TemporaryFolder folder = new();
        File.WriteAllText(Path.Combine(folder.Path, "tokenizer.json"), json);
        return folder;
    }

    private static ModelFormatException Refusal(string json)
    {
        using TemporaryFolder folder = Write(json);
        return Assert.Throws<ModelFormatException>(() => TokenizerFolder.Open(folder.Path));
    }
}
