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

    public static TheoryData<string> FirstNames => [.. PreTokenizers.All.Select(static entry => entry.Names[0])];

    [Fact]
    public void Names_and_architectures_are_in_one_entry_only()
    {
        string[] names = [.. PreTokenizers.All.SelectMany(static entry => entry.Names)];
        string[] architectures = [.. PreTokenizers.All.SelectMany(static entry => entry.Architectures)];

        Assert.Distinct(names);
        Assert.Distinct(architectures);
        Assert.All(names, name => Assert.Contains(name, PreTokenizers.Find(name)!.Names));
    }

    [Theory]
    [MemberData(nameof(FirstNames))]
    public void Words_together_are_the_text_and_none_is_empty(string name) =>
        Texts.Sample(text => Assert.Equal(text, string.Concat(Split(text, name))));

    [Theory]
    [MemberData(nameof(FirstNames))]
    public void Long_runs_take_linear_time(string name)
    {
        foreach (string unit in (string[])["a", "A", " ", "\n", "1", "!", "a ", " \n", "'", "中", "\u0301", "A\u0301"])
        {
            // A run that takes more than so many steps per byte throws.
            byte[] text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(unit, 20_000)) + "x");
            List<int> lengths = [];

            PreTokenizers.Find(name)!.Split(text, lengths);

            Assert.Equal(text.Length, lengths.Sum());
        }
    }

    /// <summary>Expected: worked out by hand from the expressions in the models' own tokenizer.json.</summary>
    [Theory]
    [InlineData("falcon", "It's 12345 + 6!", new[] { "It", "'", "s", " ", "123", "45", " ", "+", " 6", "!" })]
    [InlineData("starcoder", "x1 = 12", new[] { "x", "1", " =", " ", "1", "2" })]
    [InlineData("llama-bpe", "I'LL pay 12345.\n\n ok", new[] { "I", "'LL", " pay", " ", "123", "45", ".\n\n", " ok" })]
    [InlineData("qwen2", "a\tb 12  c", new[] { "a", "\tb", " ", "1", "2", " ", " c" })]
    [InlineData("qwen35", "e\u0301a 1", new[] { "e\u0301a", " ", "1" })]
    [InlineData(
        "bloom",
        "Hi, there! (ok) a|b 3\u3002",
        new[] { "Hi", ",", " there", "! (", "ok", ")", " a", "|", "b", " 3", "\u3002" })]
    [InlineData("viking", "a 12", new[] { "a", " ", "1", "2" })]
    [InlineData("tekken", "HelloWorld NASAx 12\n/", new[] { "Hello", "World", " NASAx", " ", "1", "2", "\n", "/" })]
    [InlineData("gpt-4o", "HelloWorld's I'LL 1234", new[] { "Hello", "World's", " I'LL", " ", "123", "4" })]
    [InlineData("deepseek-llm", "Hi, 你好 12\n", new[] { "Hi", ",", " ", "你好", " ", "12", "\n" })]
    [InlineData("deepseek-coder", "f(x) 12", new[] { "f", "(", "x", ")", " ", "1", "2" })]
    [InlineData("deepseek-v3", "a.b 1234 日本", new[] { "a", ".b", " ", "123", "4", " ", "日本" })]
    [InlineData("bailingmoe", "I'll 12\n\n", new[] { "I", "'ll", " ", "1", "2", "\n\n" })]
    [InlineData("seed-coder", "a;\n b1", new[] { "a", ";", "\n", " b", "1" })]
    [InlineData("minicpm5", "x1234", new[] { "x", "123", "4" })]
    [InlineData("chameleon", "a 12<sentinel:3>", new[] { "a", " ", "1", "2", "<", "sentinel", ":", "3", ">" })]
    [InlineData("laguna", "a\n\nb", new[] { "a", "\n\n", "b" })]
    [InlineData("smaug-bpe", "'LL 12345", new[] { "'LL", " ", "123", "45" })]
    public void Words_are_those_of_the_models_own_definition(string name, string text, string[] words) =>
        Assert.Equal(words, Split(text, name));

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex Published();

    private static List<string> Split(string text, string name = "gpt-2")
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        List<int> lengths = [];
        PreTokenizers.Find(name)!.Split(bytes, lengths);

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
