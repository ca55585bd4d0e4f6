using System.Text;
using System.Text.RegularExpressions;
using Chaku.Model.Tokenizers;
using CsCheck;

namespace Chaku.Model.Tests.Tokenizers;

public sealed partial class PreTokenizerTests
{
    private static readonly Gen<string> Texts = Gen.OneOf(
            Gen.OneOf(" ", "  ", "\n", "\t", "\r\n", "\u00A0", "\u3000", "a", "é", "1", "½", "٣", "!", "…"),
            Gen.OneOf("'", "'s", "'re", "'LL"),
            Gen.Char.Where(static letter => !char.IsSurrogate(letter)).Select(static letter => $"{letter}"))
        .List[0, 30].Select(static pieces => string.Concat(pieces));

    [Fact]
    public void Words_are_those_of_the_published_expression() => Texts.Sample(text =>
        Assert.Equal(Published().Matches(text).Select(static match => match.Value), Split(text)));

    [Theory]
    [InlineData("😀😀 😀", new[] { "😀😀", " 😀" })]
    [InlineData("𝐀𝐁 𝟏", new[] { "𝐀𝐁", " 𝟏" })]
    public void Characters_beyond_the_first_plane_have_their_own_class(string text, string[] words) =>
        Assert.Equal(words, Split(text));

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex Published();

    private static List<string> Split(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        List<int> lengths = [];
        PreTokenizers.Find("gpt-2")!.Split(bytes, lengths);

        List<string> words = [];
        int start = 0;
        foreach (int length in lengths)
        {
            words.Add(Encoding.UTF8.GetString(bytes, start, length));
            start += length;
        }

        Assert.Equal(bytes.Length, start);
        return words;
    }
}
