using Chaku.Training.Datasets;
using Chaku.Training.Datasets.Containers;

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
    [InlineData("a.json", Record, "plain", typeof(TextRecord))]
    [InlineData("a.txt", Record, "json", typeof(ConversationRecord))]
    [InlineData("a.txt", "a,text\n1,2", "CSV, text", typeof(TextRecord))]
    [InlineData("a.txt", Record, "Alpaca", typeof(ConversationRecord))]
    public void A_format_is_told_by_name_extension_or_content(
        string file, string content, string? format, Type record) =>
        Assert.IsType(record, Assert.Single(SampleData.Read(file, content, format)));

    [Theory]
    [InlineData("a.data", "words", null, "neither name nor content tell the format")]
    [InlineData("a.data", "words", "yaml", "no data set format named")]
    [InlineData("a.json", Record, "alpaca,sharegpt", "no data set format named")]
    [InlineData("a.json", Record, "json,csv", "no data set format named")]
    [InlineData("a.json", "{\"a\": 1, \"b\": 2}", null, "line 1: its fields (a, b) are those of no known format")]
    public void What_tells_no_format_is_refused_with_those_there_are(
        string file, string content, string? format, string expected)
    {
        string message = Assert.Throws<DatasetException>(() => SampleData.Read(file, content, format)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.All(DatasetFormats.All, entry => Assert.Contains(entry.Name, message, StringComparison.Ordinal));
    }

    [Fact]
    public void Names_and_extensions_are_each_one_entrys()
    {
        Assert.Distinct(DatasetFormats.All.Select(format => format.Name)
            .Concat(DatasetContainers.All.Select(container => container.Name)));
        Assert.Distinct(DatasetContainers.All.SelectMany(container => container.Extensions));
    }
}
