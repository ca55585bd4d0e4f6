using System.Text;
using Chaku.Model.Tokenizers;
using CsCheck;

namespace Chaku.Model.Tests.Tokenizers;

public sealed class TokenizerPropertyTests
{
    private static readonly Tokenizer SentencePiece = Tokenizer.Create(
        SampleVocabularies.SentencePiece("▁", "a", "b", "</", "s>", "▁▁", "ab", "▁a", "▁ab", "é", "<0", "x41>"));

    private static readonly Tokenizer ByteLevel = Tokenizer.Create(
        SampleVocabularies.ByteLevel("Ġ a", "a b", "Ġ ab", "Ã ©", "Ġ Ġ", "< |", "<| endoftext", "| >"));

    private static readonly Gen<string> Texts = Gen.OneOf(
            Gen.Int[0, 0x10FFFF].Where(Rune.IsValid).Select(char.ConvertFromUtf32),
            Gen.OneOf("a", "b", " ", "  ", "\n", "'s", "é", "😀", "</s>", "<s>", "<0x41>", "<|endoftext|>"))
        .List[0, 40].Select(static pieces => string.Concat(pieces));

    [Fact]
    public void Decoding_what_was_encoded_gives_the_text() => Texts.Sample(text =>
    {
        // SentencePiece writes a space as this very character.
        Assert.Equal(text.Replace('▁', ' '), SentencePiece.Decode(SentencePiece.Encode(text)));
        Assert.Equal(text, ByteLevel.Decode(ByteLevel.Encode(text)));
    });

    [Fact]
    public void Plain_text_never_becomes_a_mark() => Texts.Sample(text =>
    {
        foreach (Tokenizer tokenizer in (Tokenizer[])[SentencePiece, ByteLevel])
        {
            Assert.DoesNotContain(tokenizer.Encode(text, addSpecial: false), tokenizer.Vocabulary.IsMark);
        }
    });

    [Fact]
    public void Half_a_surrogate_pair_reads_as_the_replacement_character()
    {
        foreach (Tokenizer tokenizer in (Tokenizer[])[SentencePiece, ByteLevel])
        {
            Assert.Equal("a\uFFFDb\uFFFD", tokenizer.Decode(tokenizer.Encode("a\uD83Db\uDE00")));
        }
    }

    [Fact]
    public void Merges_are_those_of_a_plain_search_for_the_best_pair()
    {
        // Long texts are merged by a queue, short ones by a search; without "bc" and "ca", texts are cut between them.
        string[] pieces = ["a", "b", "c", "ab", "bc", "aa", "abc", "aab", "bca", "aaaa", "caa", "cab"];
        Gen.Select(Gen.Char["abc"].Array[1, 90], Gen.Shuffle(pieces), Gen.Bool, Gen.Bool).Sample(
            (letters, shuffled, areCut, areTied) =>
        {
            string[] order = [.. shuffled.Where(piece => !areCut || !(piece.Contains("bc") || piece.Contains("ca")))];
            VocabularySource source = SampleVocabularies.SentencePiece(order) with { AddSpacePrefix = false };
            source = areTied ? source with { Scores = [.. source.Scores!.Select(static _ => 0f)] } : source;
            string text = new(letters);

            int[] ids = Tokenizer.Create(source).Encode(text, addSpecial: false);

            Assert.Equal(MergePlainly(text, [.. order], areTied), ids.Select(id => order[id - 259]));
        });
    }

    private static List<string> MergePlainly(string text, List<string> piecesByScore, bool areTied)
    {
        List<string> parts = [.. text.Select(static letter => $"{letter}")];
        while (true)
        {
            int best = -1;
            int bestRank = int.MaxValue;
            for (int index = 0; index + 1 < parts.Count; index++)
            {
                int rank = piecesByScore.IndexOf(parts[index] + parts[index + 1]);
                rank = areTied ? Math.Min(rank, 0) : rank;
                if (rank >= 0 && rank < bestRank)
                {
                    (best, bestRank) = (index, rank);
                }
            }

            if (best < 0)
            {
                return parts;
            }

            parts[best] += parts[best + 1];
            parts.RemoveAt(best + 1);
        }
    }
}
