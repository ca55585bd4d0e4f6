using System.Text;
using Chaku.Model.Templates;
using Chaku.Tests;
using Chaku.Training.Datasets;
using CsCheck;

namespace Chaku.Training.Tests.Datasets;

public sealed class AlpacaFormatTests
{
    private const string Good = """{"instruction": "i", "output": "o"}""";

    [Fact]
    public void An_array_and_lines_give_the_same_records()
    {
        string[] records =
        [
            """{"instruction": "one", "input": "x", "output": "1"}""",
            """{"instruction": "zwei", "input": null, "output": "", "extra": {"a": [1, 2]}}""",
            """{"instruction": "\u0033", "output": "{\"a\": 1}"}""",
        ];

        IReadOnlyList<DatasetRecord> array =
            SampleData.Read("a.json", "\uFEFF [\n" + string.Join(",\n\n", records) + "\n]\n");
        IReadOnlyList<DatasetRecord> lines =
            SampleData.Read("a.jsonl", string.Join("\r\n", records) + "\n\n");

        Assert.Equal(
            ["record 1 (line 2)", "record 2 (line 4)", "record 3 (line 6)"], array.Select(record => record.Place));
        Assert.Equal(["line 1", "line 2", "line 3"], lines.Select(record => record.Place));
        Assert.Equal(SampleData.Messages(array), SampleData.Messages(lines));
        Assert.Equal(
            [
                new(Role.User, "one", "x"), new(Role.Assistant, "1"),
                new(Role.User, "zwei"), new(Role.Assistant, ""),
                new(Role.User, "3"), new(Role.Assistant, "{\"a\": 1}"),
            ],
            SampleData.Messages(array));
    }

    [Theory]
    [InlineData("{\"instruction\": \"i\", \"output\": \"o\"", "line 3: malformed JSON")]
    [InlineData("{\"instruction\": \"i\", \"output\": \"o\"} x", "line 3: malformed JSON")]
    [InlineData("nothing", "line 3: malformed JSON")]
    [InlineData("[1]", "line 3: expected an object, found Array")]
    [InlineData("7", "line 3: expected an object, found Number")]
    [InlineData("{\"instruction\": \"i\"}", "line 3: expected output, found none")]
    [InlineData("{\"instruction\": \"i\", \"output\": null}", "line 3: expected output, found none")]
    [InlineData("{\"output\": \"o\"}", "line 3: expected instruction, found none")]
    [InlineData("{\"instruction\": 1, \"output\": \"o\"}", "line 3: expected a text as instruction, found Number")]
    [InlineData("{\"instruction\": \"i\", \"output\": \"o\", \"output\": \"p\"}", "line 3: expected output once")]
    [InlineData("{\"instruction\": \"i\", \"output\": \"\\ud800\"}", "line 3: expected a text as output")]
    public void A_wrong_line_is_named(string line, string reason)
    {
        string message = SampleData.Refusal("a.jsonl", $"{Good}\n\n{line}\n{Good}");
        Assert.Contains($"a.jsonl, {reason}", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData("\n  {\"instruction\": \"i\"}]", "record 2 (line 3): expected output, found none")]
    [InlineData("\n  {\"instruction\": \"i\" \"output\": \"o\"}]", "line 3: malformed JSON")]
    [InlineData("\n\n  7]", "record 2 (line 4): expected an object, found Number")]
    [InlineData("\n  {\"instruction\": \"i\", \"output\": \"o\"}", "line 3: malformed JSON")]
    [InlineData("\n  {\"instruction\": \"i\", \"output\": \"o\"}]\n\n]", "line 5: malformed JSON")]
    public void A_wrong_record_of_an_array_is_named_with_its_line(string rest, string reason) => Assert.Contains(
        $"a.json, {reason}", SampleData.Refusal("a.json", $"[\n  {Good},{rest}"), StringComparison.Ordinal);

    [Fact]
    public void A_deep_record_is_refused()
    {
        string deep = new string('[', 100_000) + new string(']', 100_000);
        Assert.Contains(
            "line 1: malformed JSON", SampleData.Refusal("a.jsonl", $"{{\"a\": {deep}}}"), StringComparison.Ordinal);
        Assert.Contains("line 1: malformed JSON", SampleData.Refusal("a.json", deep), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_file_is_read_or_refused()
    {
        byte[] array = Encoding.UTF8.GetBytes($"[{Good},\n{Good}]");
        byte[] lines = Encoding.UTF8.GetBytes($"{Good}\n{Good}");
        Gen.Select(Gen.Bool, Gen.Int[0, lines.Length - 1], Gen.Byte).Sample((isArray, place, value) =>
        {
            byte[] damaged = [.. isArray ? array : lines];
            damaged[place] = value;
            Exception? exception = Record.Exception(() => SampleData.Read("a.json", damaged));
            Assert.True(exception is null or DatasetException, $"{exception}");
        }, iter: 500);
    }

    [Fact]
    public void A_real_data_set_is_read_whole()
    {
        IReadOnlyList<DatasetRecord> records = Dataset.Read(Fixtures.Shared("data", "alpaca-999.json")).Records;
        Assert.Equal(999, records.Count);
        Assert.Equal(999, records.Select(record => record.Place).Distinct().Count());
    }
}
