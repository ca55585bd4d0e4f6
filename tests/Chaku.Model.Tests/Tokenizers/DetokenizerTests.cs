using System.Text;
using Chaku.Model.Tokenizers;
using CsCheck;

namespace Chaku.Model.Tests.Tokenizers;

public sealed class DetokenizerTests
{
    private static readonly Tokenizer Tokenizer = Model.Tokenizers.Tokenizer.Create(
        SampleVocabularies.SentencePiece("▁", "a", "▁a"));

    [Fact]
    public void A_character_appears_with_its_last_byte()
    {
        Detokenizer detokenizer = new(Tokenizer);

        string[] pieces = [.. "\u00F0\u009F\u0098\u0080a".Select(letter => Append(detokenizer, letter))];

        Assert.Equal(["", "", "", "😀", "a"], pieces);
        Assert.Equal("", detokenizer.Flush());
    }

    [Fact]
    public void Bytes_that_can_become_no_character_are_replaced_as_soon_as_that_is_certain()
    {
        Detokenizer detokenizer = new(Tokenizer);

        string[] pieces = [.. "\u00FF\u00E2\u0082a\u00E2\u0082\u00ACb".Select(letter => Append(detokenizer, letter))];

        Assert.Equal(["\uFFFD", "", "", "\uFFFDa", "", "", "€", "b"], pieces);
    }

    [Fact]
    public void Half_a_character_at_the_end_is_replaced_when_the_text_ends()
    {
        Detokenizer detokenizer = new(Tokenizer);

        Assert.Equal("", Append(detokenizer, '\u00E2'));
        Assert.Equal("\uFFFD", detokenizer.Flush());
        Assert.Equal("", detokenizer.Flush());
    }

    [Fact]
    public void Pieces_together_are_the_text_of_all_bytes_whatever_the_tokens() =>
        Gen.Int[3, Tokenizer.Vocabulary.Count - 1].Array[0, 60].Sample(ids =>
        {
            byte[] bytes = [.. ids.SelectMany(id => Tokenizer.BytesOf(id).ToArray())];
            Detokenizer detokenizer = new(Tokenizer);

            string streamed = string.Concat(ids.Select(detokenizer.Append)) + detokenizer.Flush();

            int dropped = bytes.Length > 0 && bytes[0] == ' ' ? 1 : 0;
            Assert.Equal(Encoding.UTF8.GetString(bytes, dropped, bytes.Length - dropped), streamed);
        });

    [Fact]
    public void Only_the_first_space_of_a_text_is_left_out()
    {
        Assert.Equal("a a", Tokenizer.Decode([1, 261, 261]));
        Assert.Equal(" a", Tokenizer.Decode([1, 259, 261]));
    }

    [Fact]
    public void Marks_are_shown_only_when_asked_for()
    {
        Assert.Equal("a", Tokenizer.Decode([1, 261, 2]));
        Assert.Equal("<s>a</s>", Tokenizer.Decode([1, 261, 2], showMarks: true));
    }

    [Fact]
    public void A_token_that_the_vocabulary_has_not_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Tokenizer.Decode([Tokenizer.Vocabulary.Count]));

    private static string Append(Detokenizer detokenizer, char letter) => detokenizer.Append(3 + letter);
}
