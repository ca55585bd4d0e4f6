using Chaku.Model.Tokenizers;

namespace Chaku.Model.Tests.Tokenizers;

public sealed class SpecialTokenTests
{
    private const int A = 259;
    private const int SpaceA = 260;
    private static readonly VocabularySource Source = SampleVocabularies.SentencePiece("a", "▁a", "▁");

    [Fact]
    public void Control_tokens_are_found_only_where_they_are_asked_for()
    {
        Tokenizer tokenizer = Tokenizer.Create(Source);

        Assert.Equal([SpaceA, 2, SpaceA], tokenizer.Encode("a</s>a", parseSpecial: true, addSpecial: false));
        Assert.DoesNotContain(2, tokenizer.Encode("a</s>a"));
    }

    [Fact]
    public void User_defined_tokens_are_always_found()
    {
        Tokenizer tokenizer = Tokenizer.Create(Source.With("<tool>", TokenType.UserDefined));

        Assert.Equal([SpaceA, 262, SpaceA], tokenizer.Encode("a<tool>a", addSpecial: false));
        Assert.Equal("a<tool> a", tokenizer.Decode([SpaceA, 262, SpaceA]));
    }

    /// <summary>As in Gemma's vocabulary, where these runs are user-defined and no space goes before a text.</summary>
    [Fact]
    public void Runs_of_line_ends_are_one_token_where_the_vocabulary_has_them()
    {
        VocabularySource source = Source.With("\n", TokenType.UserDefined).With("\n\n", TokenType.UserDefined);
        Tokenizer tokenizer = Tokenizer.Create(source with { AddSpacePrefix = false });

        int[] ids = tokenizer.Encode("a\n\n\na a", addSpecial: false);

        Assert.Equal([A, 263, 262, A, SpaceA], ids);
        Assert.Equal("a\n\n\na a", tokenizer.Decode(ids));
    }

    [Fact]
    public void Of_two_special_tokens_at_one_place_the_longer_is_found()
    {
        Tokenizer tokenizer = Tokenizer.Create(
            Source.With("<x>", TokenType.Control).With("<x><y>", TokenType.Control));

        Assert.Equal([263, 262, 262], tokenizer.Encode("<x><y><x><x>", parseSpecial: true, addSpecial: false));
    }

    [Fact]
    public void Spans_are_joined_but_no_special_token_is_found_across_them()
    {
        Tokenizer tokenizer = Tokenizer.Create(Source);
        List<int> ids = [];

        tokenizer.Append([new("<s>", true), new(" ", true), new("a", false), new("</s", true), new(">", true)], ids);

        Assert.Equal(1, ids[0]);
        Assert.DoesNotContain(2, ids);
        Assert.Equal([1, 261, SpaceA], ids[..3]);
        Assert.Equal(" a</s>", tokenizer.Decode([.. ids]));
    }

    [Fact]
    public void Text_that_continues_plain_text_gets_no_space_before_it()
    {
        Tokenizer tokenizer = Tokenizer.Create(Source);
        List<int> ids = [];

        tokenizer.Append([new("a", false)], ids);
        tokenizer.Append([new("a", false)], ids);

        Assert.Equal([SpaceA, A], ids);
    }

    [Fact]
    public void The_begin_token_is_added_where_the_vocabulary_asks_and_never_twice()
    {
        Assert.Equal([1, SpaceA], Tokenizer.Create(Source).Encode("a"));
        Assert.Equal([1, SpaceA], Tokenizer.Create(Source).Encode("<s>a", parseSpecial: true));
        Assert.Equal([SpaceA], Tokenizer.Create(Source with { AddBos = false }).Encode("a"));
        Assert.Equal([1], Tokenizer.Create(Source).Encode(""));
        Assert.Equal([97], Tokenizer.Create(SampleVocabularies.ByteLevel()).Encode("a"));
        Assert.Equal([256, 97], Tokenizer.Create(SampleVocabularies.ByteLevel() with { AddBos = true }).Encode("a"));
    }

    [Fact]
    public void The_end_token_is_added_where_the_vocabulary_asks()
    {
        Assert.Equal([1, SpaceA, 2], Tokenizer.Create(Source with { AddEos = true }).Encode("a"));
        Assert.Equal([SpaceA], Tokenizer.Create(Source with { AddEos = true }).Encode("a", addSpecial: false));
    }

    [Fact]
    public void Special_ids_out_of_range_mean_none()
    {
        Vocabulary vocabulary = new(Source with { BosId = uint.MaxValue, EosId = -1, EotId = 1000, AddBos = true });

        Assert.Null(vocabulary.BosId);
        Assert.Null(vocabulary.EosId);
        Assert.False(vocabulary.AddBos);
        Assert.Empty(vocabulary.EndOfGeneration);
    }

    [Fact]
    public void The_ends_of_an_answer_are_known_by_id_and_by_spelling_and_are_never_plain_text()
    {
        VocabularySource source = Source.With("<|eot_id|>", TokenType.UserDefined).With("done", TokenType.Normal);
        Tokenizer tokenizer = Tokenizer.Create(source with { EotId = 263 });

        Assert.Equal([2, 262, 263], tokenizer.Vocabulary.EndOfGeneration.Order());
        Assert.DoesNotContain(tokenizer.Encode("<|eot_id|>done"), id => id is 262 or 263);
    }
}
