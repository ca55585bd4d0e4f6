using Chaku.Model.Generation;
using CsCheck;

namespace Chaku.Model.Tests.Generation;

public sealed class StopScannerTests
{
    [Fact]
    public void What_may_become_a_stop_string_waits()
    {
        StopScanner scanner = new(["###", "END"]);
        Assert.Equal("a ", scanner.Append("a #"));
        Assert.Equal("", scanner.Append("#"));
        Assert.Equal("##b", scanner.Append("b"));
        Assert.Equal("", scanner.Append("E"));
        Assert.Equal("", scanner.Append("N"));
        Assert.Equal("ENd", scanner.Append("d"));
        Assert.False(scanner.HasStopped);
        Assert.Equal("x", scanner.Append("x##"));
        Assert.Equal("", scanner.Append("#y"));
        Assert.True(scanner.HasStopped);
        Assert.Equal("", scanner.Append("z"));
        Assert.Equal("", scanner.Flush());
    }

    [Fact]
    public void What_waited_comes_out_at_the_end()
    {
        StopScanner scanner = new(["\n\nUser:"]);
        Assert.Equal("Yes.", scanner.Append("Yes.\n\nUs"));
        Assert.Equal("\n\nUs", scanner.Flush());
    }

    [Fact]
    public void The_stop_string_that_is_complete_first_counts()
    {
        StopScanner scanner = new(["bcd", "abcde"]);
        Assert.Equal("a", scanner.Append("abcde"));
    }

    [Fact]
    public void The_text_is_the_same_however_it_is_cut()
    {
        Gen<string> text = Gen.Char["ab"].Array[0, 12].Select(letters => new string(letters));
        Gen<string[]> stops = Gen.Char["ab"].Array[1, 3].Select(letters => new string(letters)).Array[0, 3];
        Gen.Select(text, stops, Gen.Int[1, 5]).Sample((whole, stops, length) =>
        {
            string letterByLetter = Scan(whole.Select(letter => letter.ToString()), stops);
            Assert.Equal(letterByLetter, Scan(whole.Chunk(length).Select(piece => new string(piece)), stops));
            Assert.StartsWith(letterByLetter, whole, StringComparison.Ordinal);
            Assert.DoesNotContain(stops, stop => letterByLetter.Contains(stop, StringComparison.Ordinal));
        });
    }

    private static string Scan(IEnumerable<string> pieces, string[] stops)
    {
        StopScanner scanner = new(stops);
        return string.Concat(pieces.Select(scanner.Append)) + scanner.Flush();
    }
}
