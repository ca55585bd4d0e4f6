using System.Diagnostics;
using System.Text;
using Chaku.Model.Tokenizers;
using Chaku.Tests;
using CsCheck;

namespace Chaku.Model.Tests.Tokenizers;

/// <summary>What holds for every real vocabulary, for any text, and how long it takes.</summary>
public sealed class RealVocabularyTests
{
    private static readonly Dictionary<string, Lazy<Tokenizer>> Tokenizers = Names.ToDictionary(
        static name => name,
        static name => new Lazy<Tokenizer>(
            () => SampleVocabularies.Shared("tokenizers", $"ggml-vocab-{name}.gguf"),
            LazyThreadSafetyMode.PublicationOnly));

    private static readonly Gen<string> Texts = Gen.OneOf(
            Gen.Int[0, 0x10FFFF].Where(Rune.IsValid).Select(char.ConvertFromUtf32),
            Gen.Int[0, 0x2FF].Select(char.ConvertFromUtf32),
            Gen.OneOf("the", " The", "  ", "\n", "\n\n", "'s", " I'LL", "é", "e\u0301", "😀", "中文", "１２", "12", " 2024"),
            Gen.OneOf("</s>", "<s>", "<0x41>", "<|endoftext|>", "<|eot_id|>", "[PAD151646]", "\u2581", "\u0120"))
        .List[0, 40].Select(static pieces => string.Concat(pieces));

    public static string[] Names =>
        ["falcon", "gpt-2", "gpt-neox", "llama-bpe", "llama-spm", "phi-3", "qwen2", "starcoder"];

    public static TheoryData<string> Vocabularies => [.. Names];

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void Decoding_what_was_encoded_gives_the_text(string name)
    {
        Tokenizer tokenizer = Tokenizers[name].Value;

        // Behind phi-3's user-defined </s>, as behind any such token, SentencePiece begins a text anew, with a space.
        Texts.Select(text => name == "phi-3" ? text.Replace("</s>", "", StringComparison.Ordinal) : text).Sample(
            text =>
            {
                if (CanSpell(tokenizer, text))
                {
                    Assert.Equal(Normalised(tokenizer, text), tokenizer.Decode(tokenizer.Encode(text)));
                }
                else
                {
                    Assert.Throws<UnspellableTextException>(() => tokenizer.Encode(text));
                }
            },
            iter: 300);
    }

    [Theory]
    [InlineData("falcon", "a\u000Bb", "U+000B")]
    [InlineData("falcon", "\U000A5B7C", "U+A5B7C, whose byte 0xF2")]
    [InlineData("starcoder", "x\U000414F3", "U+414F3, whose byte 0xF1")]
    public void What_has_no_token_is_refused_and_never_left_out(string name, string text, string named)
    {
        Exception error = Assert.Throws<UnspellableTextException>(() => Tokenizers[name].Value.Encode(text));

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void Plain_text_never_becomes_a_mark(string name)
    {
        Tokenizer tokenizer = Tokenizers[name].Value;
        Texts.Sample(
            text => Assert.True(
                !CanSpell(tokenizer, text)
                || !tokenizer.Encode(text, addSpecial: false).Any(tokenizer.Vocabulary.IsMark)),
            iter: 100);
    }

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void A_word_met_before_has_the_same_tokens_again(string name)
    {
        Tokenizer warm = Tokenizers[name].Value;
        Tokenizer cold = SampleVocabularies.Shared("tokenizers", $"ggml-vocab-{name}.gguf");
        string text = File.ReadAllText(Fixtures.Shared("data", "wikitext2-test.txt"))[..50_000];

        _ = warm.Encode(text);
        int[] ids = warm.Encode(text);

        Assert.Equal(cold.Encode(text), ids);
        Assert.Equal(text, warm.Decode(ids));
    }

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void A_megabyte_of_one_thing_takes_no_quadratic_time(string name)
    {
        Tokenizer tokenizer = Tokenizers[name].Value;
        (string Unit, int Bytes)[] texts =
        [
            ("a", 1 << 20), (" ", 1 << 19), ("\n", 1 << 17), ("ab", 1 << 17), ("😀", 1 << 17), ("7", 1 << 17),
            ("' ", 1 << 17),
        ];
        foreach ((string unit, int bytes) in texts)
        {
            string text = string.Concat(Enumerable.Repeat(unit, bytes / Encoding.UTF8.GetByteCount(unit)));
            Stopwatch clock = Stopwatch.StartNew();

            int[] ids = tokenizer.Encode(text);

            // Under a second where nothing else runs; quadratic time would take hours.
            Assert.InRange(clock.Elapsed.TotalSeconds, 0, 30);
            Assert.Equal(text, tokenizer.Decode(ids));
        }
    }

    [Theory]
    [InlineData("llama-bpe", 128000)]
    [InlineData("llama-spm", 1)]
    [InlineData("phi-3", 1)]
    [InlineData("falcon", null)]
    [InlineData("gpt-2", null)]
    [InlineData("qwen2", null)]
    [InlineData("starcoder", null)]
    public void A_text_begins_with_BOS_where_the_family_does(string name, int? bos) =>
        Assert.Equal(bos is null ? [] : [bos.Value], Tokenizers[name].Value.Encode(""));

    /// <summary>
    /// The text, less the bytes that the vocabulary has no token for, with spaces for SentencePiece's mark.
    /// </summary>
    private static string Normalised(Tokenizer tokenizer, string text) =>
        tokenizer.Vocabulary.Kind.Name == "llama" ? text.Replace('\u2581', ' ') : text;

    // Falcon's vocabulary lacks 14 control characters and the byte F2, StarCoder's the byte F1.
    private static bool CanSpell(Tokenizer tokenizer, string text) =>
        tokenizer.Vocabulary.Kind.Name == "llama"
        || Encoding.UTF8.GetBytes(text).All(
            value => tokenizer.Vocabulary.TryFindText(ByteLevelAlphabet.Encode([value]), out _));
}
