using Chaku.Model.Tokenizers;
using CsCheck;

namespace Chaku.Model.Tests.Tokenizers;

public sealed class HostileVocabularyTests
{
    private static readonly VocabularySource SentencePiece = SampleVocabularies.SentencePiece("a", "b", "ab");
    private static readonly VocabularySource ByteLevel = SampleVocabularies.ByteLevel("a b");

    [Fact]
    public void Too_few_scores_or_types_are_refused_with_both_numbers()
    {
        AssertRefused(
            SentencePiece with { Scores = [0f] }, "262 entries in tokenizer.ggml.scores, one per token, found 1");
        AssertRefused(SentencePiece with { Types = [1, 1] }, "tokenizer.ggml.token_type, one per token, found 2");
    }

    [Fact]
    public void What_a_kind_cannot_do_without_is_refused_when_missing()
    {
        AssertRefused(SentencePiece with { Scores = null }, "tokenizer.ggml.scores");
        AssertRefused(ByteLevel with { Merges = null }, "tokenizer.ggml.merges");
        AssertRefused(ByteLevel with { Tokens = [], Types = [] }, "at least one token");
        AssertRefused(ByteLevel with { Tokens = ["a"u8.ToArray()], Types = [1] }, "none for byte 0x0A");
    }

    [Fact]
    public void Unknown_kinds_and_pre_tokenizers_are_refused_by_name()
    {
        AssertRefused(SentencePiece with { Kind = "rwkv" }, "'rwkv'");
        AssertRefused(ByteLevel with { PreTokenizer = "superbpe" }, "found 'superbpe'");
        AssertRefused(ByteLevel with { PreTokenizer = "default" }, "'default'");
        AssertRefused(ByteLevel with { PreTokenizer = null }, "no such key");
        AssertRefused(ByteLevel with { PreTokenizer = null, Architecture = "llama" }, "no such key");
    }

    [Fact]
    public void A_special_token_of_absurd_length_is_refused() =>
        AssertRefused(SentencePiece.With(new string('a', 5000), TokenType.Control), "found 5000");

    [Fact]
    public void Merges_that_name_no_tokens_change_nothing()
    {
        byte[][] broken = ["a zz"u8.ToArray(), "a"u8.ToArray(), []];
        Tokenizer tokenizer = Tokenizer.Create(
            ByteLevel with { Merges = [.. broken, " "u8.ToArray(), "b a"u8.ToArray(), .. ByteLevel.Merges!] });

        Assert.Equal([256, 97], tokenizer.Encode("aba"));
    }

    [Fact]
    public void Merges_past_all_bounds_and_vocabularies_without_text_are_harmless()
    {
        byte[][] merges = [.. Enumerable.Range(0, 2000).Select(static _ => "a b"u8.ToArray()), new byte[100_000]];
        Tokenizer tokenizer = Tokenizer.Create(
            ByteLevel with { Merges = merges, BosId = 1L << 31, EosId = long.MinValue, UnknownId = 1L << 40 });

        Assert.Equal([256, 97], tokenizer.Encode("aba"));
        Assert.Equal([], Tokenizer.Create(SentencePiece with { AddBos = false }).Encode(""));
    }

    [Fact]
    public void A_byte_without_a_token_is_refused_where_no_unknown_token_stands_for_it()
    {
        int[] types = [.. ByteLevel.Types!.Select(static (type, id) => id == 3 ? (int)TokenType.Control : type)];
        int[] unknown = [.. types.Select(static (type, id) => id == 3 ? (int)TokenType.Unknown : type)];

        Assert.Throws<UnspellableTextException>(
            () => Tokenizer.Create(ByteLevel with { Types = types, UnknownId = 256 }).Encode("a\u0003b"));
        Assert.Equal(
            [97, 3, 98], Tokenizer.Create(ByteLevel with { Types = unknown, UnknownId = 3 }).Encode("a\u0003b"));
    }

    [Fact]
    public void Empty_and_repeated_tokens_are_tolerated_and_the_first_counts()
    {
        Tokenizer tokenizer = Tokenizer.Create(
            SentencePiece.With("", TokenType.Normal).With("", TokenType.Control).With("ab", TokenType.Normal)
                with
            { AddSpacePrefix = false });

        Assert.Equal([1, 261], tokenizer.Encode("ab", parseSpecial: true));
        Assert.Equal("ab", tokenizer.Decode([262, 263, 264]));
    }

    [Fact]
    public void A_merge_cannot_make_a_mark()
    {
        VocabularySource source = ByteLevel.With("<x>", TokenType.Control).With("<x", TokenType.Normal);
        Tokenizer tokenizer = Tokenizer.Create(source with { Merges = ["< x"u8.ToArray(), "<x >"u8.ToArray()] });

        Assert.DoesNotContain(tokenizer.Encode("<x>"), tokenizer.Vocabulary.IsMark);
    }

    [Fact]
    public void Bytes_without_a_token_become_the_unknown_token_once_per_character()
    {
        int[] types = [.. SentencePiece.Types!.Select(type => type == (int)TokenType.Byte ? 1 : type)];
        VocabularySource source = SentencePiece with { Types = types };

        Assert.Equal([0, 259, 0], Tokenizer.Create(source with { AddBos = false }).Encode("aé"));
    }

    [Fact]
    public void Noise_is_refused_or_serves_but_never_breaks() =>
        Gen.Select(
            Gen.Byte.Array[0, 8].Array[1, 300], Gen.Int[-3, 9].Array[1, 300], Gen.Float.Array[1, 300],
            Gen.Byte.Array[0, 9].Array[0, 50], Gen.Long[-5, 400], Gen.OneOf("llama", "gpt2")).Sample(
            (tokens, types, scores, merges, special, kind) =>
            {
                VocabularySource source = new()
                {
                    File = "noise.gguf",
                    Kind = kind,
                    PreTokenizer = "gpt-2",
                    Tokens = tokens,
                    Types = types,
                    Scores = scores,
                    Merges = merges,
                    BosId = special,
                    EosId = special + 1,
                    UnknownId = special + 2,
                };
                try
                {
                    Tokenizer tokenizer = Tokenizer.Create(source);
                    int[] ids = tokenizer.Encode("Noise \u00E9\uD83D\uDE00 <s>", parseSpecial: true);
                    _ = tokenizer.Decode([.. ids, .. Enumerable.Range(0, tokens.Length)]);
                }
                catch (ModelFormatException refusal)
                {
                    Assert.NotEmpty(refusal.Message);
                }
            });

    private static void AssertRefused(VocabularySource source, string why) =>
        Assert.Contains(
            why, Assert.Throws<ModelFormatException>(() => Tokenizer.Create(source)).Message, StringComparison.Ordinal);
}
