using Chaku.Training.Datasets;

namespace Chaku.Training.Tests.Datasets;

public sealed class DatasetFormatsTests
{
    private const string Record = """{"instruction": "i", "output": "o"}""";

    [Theory]
    [InlineData("a.txt", "[1]", null, typeof(TextRecord))]
    [InlineData("A.MD", Record, null, typeof(TextRecord))]
    [InlineData("a.json", Record, null, typeof(ConversationRecord))]
    [InlineData("a.data", " \n[" + Record + "]", null, typeof(ConversationRecord))]
    [InlineData("records", Record, null, typeof(ConversationRecord))]
    [InlineData("a.json", Record, "text", typeof(TextRecord))]
    [InlineData("a.txt", Record, "Alpaca", typeof(ConversationRecord))]
    public void A_format_is_told_by_name_extension_or_content(
        string file, string content, string? format, Type record) =>
        Assert.IsType(record, Assert.Single(SampleData.Read(file, content, format)));

    [Fact]
    public void What_tells_no_format_is_refused_with_those_there_are()
    {
        foreach (string? format in (string?[])[null, "parquet"])
        {
            DatasetException exception =
                Assert.Throws<DatasetException>(() => SampleData.Read("a.data", "words", format));
            Assert.Contains("alpaca, text", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Names_and_extensions_are_each_one_formats()
    {
        Assert.Distinct(DatasetFormats.All.Select(format => format.Name));
        Assert.Distinct(DatasetFormats.All.SelectMany(format => format.Extensions));
    }
}
