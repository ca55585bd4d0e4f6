using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Chaku.Model.Tokenizers.Patterns;
using CsCheck;

namespace Chaku.Model.Tests.Tokenizers.Patterns;

public sealed class SplitPatternTests
{
    private static readonly Gen<string> Texts = Gen.OneOf(
            Gen.OneOf(" ", "  ", "\n", "\t", "\r\n", "\u0085", "\u00A0", "\u200B", "\u3000", "中"),
            Gen.OneOf("a", "A", "é", "ǅ", "ʰ", "1", "12", "123", "½", "٣", "aab", "\u0301"),
            Gen.OneOf("!", "…", "$", "_", "'", "'s", "'re", "'LL", "/"),
            Gen.Char.Where(static letter => !char.IsSurrogate(letter)).Select(static letter => $"{letter}"))
        .List[0, 30].Select(static pieces => string.Concat(pieces));

    /// <summary>On texts of the first plane, and without what Oniguruma reads otherwise, .NET is an oracle.</summary>
    [Theory]
    [InlineData(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    [InlineData(@"(?:'[sS]|'[lL][lL])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+")]
    [InlineData(@"[^\r\n\p{L}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|\p{N}| ?[^\s\p{L}]+[\r\n/]*")]
    [InlineData(@"[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\s*[\r\n]|\s+(?!\S)|\s+")]
    [InlineData(@"\s*[\r\n]+|\s{4}(?!\S)|\s{2}(?!\S)|\s{1}")]
    [InlineData(@"\d{1,3}(?=(?:\d{3})*(?!\d))|[\[a-z\]-]+")]
    [InlineData(@"(?:a|ab)(?:c|bcd|b)?(?:d*)")]
    [InlineData(@"(?>a+)b|(?:a{2}|a)+?(?=b)|\P{L}+|[^\P{L}a-c]")]
    [InlineData(@"a??b*?|\S{2,4}?|(?:\s|a)+?\d")]
    [InlineData(@"\A\s+|\s+\z|\x41|\u00e9|[\x{e9}]?!")]
    public void Matches_are_those_of_another_engine(string pattern)
    {
        SplitPattern split = Parse(pattern);
        Regex oracle = new(
            pattern.Replace(@"\x{e9}", @"\xe9", StringComparison.Ordinal), RegexOptions.CultureInvariant);

        Texts.Sample(text => Assert.Equal(
            oracle.Matches(text).Where(match => match.Length > 0).Select(static match => match.Value),
            Matches(split, text).Where(static match => match.Length > 0)));
    }

    [Theory]
    [InlineData(@"\p{L}+", "😀𝐀𝐁a𐐀 b", new[] { "𝐀𝐁a𐐀", "b" })]
    [InlineData(@"\p{Nd}+", "𝟏2a", new[] { "𝟏2" })]
    [InlineData(@"\s+", "a\u0085\u00A0\u2028\u3000b\u200Bc", new[] { "\u0085\u00A0\u2028\u3000" })]
    [InlineData(@"(?i:'s|'LL)x?", "'S 'ſ 'll 'lLX 'Lx", new[] { "'S", "'ſ", "'ll", "'lL" })]
    [InlineData(@"(?i)ab(?-i:c)|D", "ABc ABC d", new[] { "ABc", "d" })]
    [InlineData(@"[\p{Lu}\p{Lo}&&[^\p{Han}]]+", "AБ中あ", new[] { "AБ", "あ" })]
    [InlineData(@"\p{Han}+|\p{^L}", "中々a1", new[] { "中々", "1" })]
    [InlineData(@"a++b|a?+a|c{2}+", "aab a ccccc", new[] { "aab", "cccc" })]
    [InlineData(@"^a$|b$", "a\nab\na", new[] { "a", "b", "a" })]
    [InlineData(@"\bab\b|\Bb", "ab abb éb", new[] { "ab", "b", "b", "b" })]
    [InlineData(@"{1|x{b|a{,2}", "{1aaax{b", new[] { "{1", "aa", "a", "x{b" })]
    [InlineData(@"[]a]+|[a\-z]|[^\W_]", "]a-_z", new[] { "]a", "-", "z" })]
    [InlineData(@"[[:punct:]b]+\h", "!b?F", new[] { "!b?F" })]
    public void What_tokenizers_need_means_what_Oniguruma_says(string pattern, string text, string[] matches) =>
        Assert.Equal(matches, Matches(Parse(pattern), text).Where(static match => match.Length > 0));

    [Fact]
    public void Empty_matches_cut_and_are_not_found_twice()
    {
        Assert.Equal(["1", "234", "567"], Split(Parse(@"(?=(\d{3})+(?!\d))"), "1234567"));
        Assert.Equal(["a", "", "b", ""], Matches(Parse("[ab]|(?=c)"), "accb").Concat([""]).ToArray()[..4]);
    }

    [Fact]
    public void A_literal_has_no_special_characters() =>
        Assert.Equal(["a", ".*", "b"], Split(SplitPattern.Literal(".*", Refuse), "a.*b"));

    [Fact]
    public void Bytes_that_are_no_characters_count_as_the_replacement_character()
    {
        byte[] text = [0x80, 0x80, (byte)'a', 0x80, (byte)'b', 0xF0, 0x9F, (byte)'c', 0xC3, 0xA9, 0xA9];
        List<int> lengths = [];

        Parse(@"\p{L}+|\p{So}+").Split(text, lengths);

        Assert.Equal([4, 1, 2, 1, 3], lengths);
    }

    [Theory]
    [InlineData("(a")]
    [InlineData("a)")]
    [InlineData("[a")]
    [InlineData("*a")]
    [InlineData("a{2,1}")]
    [InlineData("a{1,100000}")]
    [InlineData("(?<=a)b")]
    [InlineData(@"(a)\1")]
    [InlineData(@"\p{Klingon}")]
    [InlineData(@"\q")]
    [InlineData(@"\x{110000}")]
    [InlineData("(?:a*)*")]
    [InlineData("(?:(?:(?:){1000}){1000}){1000}")]
    [InlineData("(?:(?:(?:ab){1000}){1000}){1000}")]
    [InlineData(@"\")]
    [InlineData("a{9999999999}")]
    [InlineData("[z-a]")]
    public void What_cannot_be_read_is_refused(string pattern) =>
        Assert.Contains(
            "regular expression",
            Assert.Throws<ModelFormatException>(() => Parse(pattern)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Deep_and_long_patterns_are_refused()
    {
        _ = Assert.Throws<ModelFormatException>(() => Parse(new string('(', 5000) + new string(')', 5000)));
        _ = Assert.Throws<ModelFormatException>(() => Parse(new string('[', 5000)));
        _ = Assert.Throws<ModelFormatException>(() => Parse(new string('a', 50_000)));
    }

    [Fact]
    public void Noise_is_refused_or_searches_but_never_breaks() =>
        Gen.Select(Gen.Char[@"ab.*+?{}()[]|\pPLsdw^$-&,:!=<>i1 "].Array[0, 25], Texts).Sample((pattern, text) =>
        {
            try
            {
                Assert.Equal(text, string.Concat(Split(Parse(new(pattern)), text)));
            }
            catch (ModelFormatException refusal)
            {
                Assert.NotEmpty(refusal.Message);
            }
        });

    [Theory]
    [InlineData("(?:a|aa)+$", "b")]
    [InlineData("(?:a+)+$", "b")]
    [InlineData("(?:(?:a|b)+c?)+d", "")]
    [InlineData(@"\s+$|a+b|a+c", "d")]
    [InlineData(@"\s*[\r\n]+|\s{512}(?!\S)|\s{1}", "x")]
    [InlineData(@"(?:a+?)+?x", "")]
    [InlineData(@".*?x|a*?b", "")]
    [InlineData(@"\d{1,3}(?=(?:\d{3})*\b)|a{1,30}(?:a|a?b)x", "")]
    public void Exponential_and_quadratic_patterns_take_linear_time(string pattern, string end)
    {
        SplitPattern split = Parse(pattern);
        foreach (string unit in (string[])["a", " ", "ab"])
        {
            // The bound on steps is what fails here; it is proportional to the length.
            List<int> lengths = [];
            byte[] text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(unit, 100_000)) + end);

            split.Split(text, lengths);

            Assert.Equal(text.Length, lengths.Sum());
        }
    }

    [Fact]
    public void What_takes_too_long_all_the_same_is_refused()
    {
        SplitPattern split = Parse(@"(?=(?:\d\d)+x)|\d(?=\d*$)");
        byte[] text = [.. Enumerable.Repeat((byte)'1', 20_000)];

        Stopwatch clock = Stopwatch.StartNew();
        string message = Assert.Throws<ModelFormatException>(() => split.Split(text, [])).Message;

        Assert.Contains("steps on 20000 bytes", message, StringComparison.Ordinal);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 5);
    }

    private static SplitPattern Parse(string pattern) => SplitPattern.Parse(pattern, Refuse);

    private static ModelFormatException Refuse(string expected, string found) => new("sample.json", 0, expected, found);

    private static List<string> Matches(SplitPattern pattern, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        List<string> matches = [];
        for (PatternSearch search = pattern.Search(bytes); search.MoveNext();)
        {
            matches.Add(Encoding.UTF8.GetString(bytes[search.Start..search.End]));
        }

        return matches;
    }

    private static List<string> Split(SplitPattern pattern, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        List<int> lengths = [];
        pattern.Split(bytes, lengths);
        List<string> parts = [];
        int start = 0;
        foreach (int length in lengths)
        {
            parts.Add(Encoding.UTF8.GetString(bytes, start, length));
            start += length;
        }

        return parts;
    }
}
