using System.Globalization;
using Chaku.Model.Adapters;
using CsCheck;

namespace Chaku.Model.Tests.Adapters;

public sealed class AdapterMetadataTests
{
    private static readonly AdapterOrigin Full = new()
    {
        BaseSha256 = new string('a', 64),
        BaseLicense = "llama3",
        Template = "llama-3",
        TemplateSha256 = new string('0', 64),
        StopIds = [2, 128_009],
        DataSha256 = new string('f', 64),
        DataFormat = "alpaca",
        DataLicense = "cc-by-nc-4.0",
        License = "commercial use forbidden: non-commercial",
        Recipe = "alpaca-lora",
        Tuning = new Dictionary<string, string> { ["learning_rate"] = "0.0003", ["steps"] = "10" },
        Version = "0.1.0",
        Seed = ulong.MaxValue,
        Run = "--lr=0.1; gelu=" + new string('x', 5000),
        Step = 10,
    };

    // Records compare lists and dictionaries by reference.
    private static readonly Dictionary<string, string> None = [];

    [Fact]
    public void What_is_written_is_read_again()
    {
        AdapterOrigin read = AdapterMetadata.Read("a", AdapterMetadata.Write(Full));

        Assert.Equal(Full.StopIds, read.StopIds);
        Assert.Equal(Full.Tuning, read.Tuning);
        Assert.Equal(Full with { StopIds = null, Tuning = None }, read with { StopIds = null, Tuning = None });
        Assert.Equal(AdapterMetadata.Write(Full), AdapterMetadata.Write(read));
        Assert.Empty(AdapterMetadata.Write(new AdapterOrigin()));
    }

    [Fact]
    public void Nothing_is_said_where_nothing_is_known()
    {
        AdapterOrigin read = AdapterMetadata.Read("a", new Dictionary<string, string> { ["format"] = "pt" });
        Assert.False(read.IsOurs);
        Assert.Null(read.StopIds);
        Assert.Empty(read.Tuning);
    }

    [Theory]
    [InlineData("chaku.base_sha256", "ABCD", "64 hexadecimal digits")]
    [InlineData("chaku.data_sha256", "", "64 hexadecimal digits")]
    [InlineData("chaku.template_sha256", "g", "64 hexadecimal digits")]
    [InlineData("chaku.seed", "-1", "chaku.seed")]
    [InlineData("chaku.seed", "18446744073709551616", "chaku.seed")]
    [InlineData("chaku.step", "9223372036854775808", "chaku.step")]
    [InlineData("chaku.run", "a\nb", "a line of at most 65536 characters")]
    [InlineData("chaku.stop_ids", "1 x", "token ids")]
    [InlineData("chaku.stop_ids", "1 -2", "token ids")]
    [InlineData("chaku.stop_ids", "4294967296", "token ids")]
    [InlineData("chaku.template", "a\nb", "a line of at most 256 characters")]
    [InlineData("chaku.recipe", "\u001b[31m", "a line of at most 256 characters")]
    [InlineData("chaku.tuning.steps", "\0", "a line of at most 4096 characters")]
    [InlineData("chaku.tuning.a\nb", "1", "a line of at most 256 characters")]
    public void Strings_that_cannot_be_are_refused_in_a_line(string key, string value, string reason)
    {
        string message = Refusal(new() { [key] = value });
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, char.IsControl);
    }

    [Fact]
    public void Floods_are_refused()
    {
        string flood = new('1', 50_000_000);
        Assert.InRange(Refusal(new() { ["chaku.template"] = flood }).Length, 1, 300);
        Assert.InRange(Refusal(new() { ["chaku.run"] = flood }).Length, 1, 300);
        Assert.InRange(Refusal(new() { ["chaku.base_sha256"] = flood }).Length, 1, 300);
        Assert.InRange(Refusal(new() { ["chaku.stop_ids"] = flood }).Length, 1, 300);
        string ids = string.Concat(Enumerable.Repeat("1 ", 10_000_000));
        Assert.Contains("at most 1000", Refusal(new() { ["chaku.stop_ids"] = ids }), StringComparison.Ordinal);
        Assert.Contains("at most 100 settings", Refusal(Enumerable.Range(0, 101).ToDictionary(
            i => "chaku.tuning." + i.ToString(CultureInfo.InvariantCulture), _ => "1")), StringComparison.Ordinal);
    }

    [Fact]
    public void What_could_not_be_read_again_is_not_written() => Assert.Throws<AdapterException>(
        () => AdapterMetadata.Write(Full with { Recipe = "two\nlines" }));

    [Fact]
    public void Whatever_a_file_says_is_read_or_refused()
    {
        string[] keys = [.. AdapterMetadata.Write(Full).Keys];
        Gen<string> value = Gen.OneOf(
            Gen.String, Gen.String[Gen.Char["0123456789abcdef "], 0, 70], Gen.ULong.Select(number => $"{number}"));
        Gen.Select(Gen.Int[0, keys.Length - 1], value).Array[0, 12].Sample(entries =>
        {
            Dictionary<string, string> metadata = [];
            foreach ((int key, string text) in entries)
            {
                metadata[keys[key]] = text;
            }

            try
            {
                AdapterOrigin origin = AdapterMetadata.Read("a", metadata);
                Assert.Equal(AdapterMetadata.Read("a", AdapterMetadata.Write(origin)).Seed, origin.Seed);
            }
            catch (AdapterException exception)
            {
                Assert.InRange(exception.Message.Length, 1, 300);
            }
        }, iter: 2000, threads: 1);
    }

    private static string Refusal(Dictionary<string, string> metadata) =>
        Assert.Throws<AdapterException>(() => AdapterMetadata.Read("adapter", metadata)).Message;
}
