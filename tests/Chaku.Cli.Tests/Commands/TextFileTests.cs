using System.Text;
using Chaku.Model;
using Chaku.Model.Scoring;

namespace Chaku.Cli.Tests.Commands;

/// <summary>Of a long text only the beginning is read, and cut where it does not show.</summary>
public sealed class TextFileTests : CommandSuite
{
    [Theory]
    [InlineData("ab\ncd\nef", 7, "ab\ncd\n")]
    [InlineData("ab\ncd\nef", 8, "ab\ncd\nef")]
    [InlineData("ab\ncd\nef", 100, "ab\ncd\nef")]
    [InlineData("abcdef", 4, "abcd")]
    [InlineData("a😀b", 2, "a")]
    [InlineData("a😀b", 3, "a😀")]
    [InlineData("", 5, "")]
    public void The_head_ends_with_a_line_or_a_character(string text, int length, string head) =>
        Assert.Equal(head, TextFile.ReadHead(Write("text.txt", text), length));

    [Fact]
    public void A_mark_at_the_beginning_is_none_of_the_text_and_other_bytes_are_refused()
    {
        File.WriteAllBytes(InFolder("mark.txt"), [0xEF, 0xBB, 0xBF, (byte)'a']);
        File.WriteAllBytes(InFolder("bad.txt"), [(byte)'a', 0xFF, (byte)'b']);

        Assert.Equal("a", TextFile.ReadHead(InFolder("mark.txt"), 10));
        Assert.Contains(
            "bad.txt is no text in UTF-8",
            Assert.Throws<InvalidDataException>(() => TextFile.ReadHead(InFolder("bad.txt"), 10)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Windows_of_a_long_text_are_those_of_the_whole_and_take_no_memory_for_its_rest()
    {
        string line = "the dog sat on the mat and the cat sat on the dog.\n";
        string path = Write("long.txt", new StringBuilder().Insert(0, line, 400_000).ToString());
        using LanguageModel model = LanguageModel.Load(TinyModel, new ModelOptions { ThreadCount = 1 });
        string beginning = new StringBuilder().Insert(0, line, 200).ToString();
        IReadOnlyList<int[]> expected = TokenWindows.OfText(model.Tokenizer, beginning, length: 64, count: 4);

        long before = GC.GetAllocatedBytesForCurrentThread();
        IReadOnlyList<int[]> windows = TextFile.Windows(path, model.Tokenizer, length: 64, count: 4);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, new FileInfo(path).Length);
        Assert.Equal(expected, windows);
    }
}
