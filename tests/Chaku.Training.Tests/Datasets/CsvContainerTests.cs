using System.Text;
using Chaku.Training.Datasets;
using CsCheck;

namespace Chaku.Training.Tests.Datasets;

public sealed class CsvContainerTests
{
    [Fact]
    public void Quotes_line_breaks_and_separators_stand_inside_a_cell()
    {
        IReadOnlyList<DatasetRecord> records = SampleData.Read(
            "a.csv",
            "\uFEFFid, text \r\n1,\"say \"\"hi\"\", then\r\nbye\"\r\n\r\n2, plain \r\n3,\"\"\r\n4,last");

        Assert.Equal(
            [
                new TextRecord("row 1 (line 2)", "say \"hi\", then\r\nbye"),
                new TextRecord("row 2 (line 5)", " plain "),
                new UnusableRecord("row 3 (line 6)", "no text"), new TextRecord("row 4 (line 7)", "last"),
            ],
            records);
    }

    [Theory]
    [InlineData("a.csv", ",")]
    [InlineData("a.csv", ";")]
    [InlineData("a.tsv", "\t")]
    public void The_separator_is_what_the_first_row_has_most_of(string name, string separator)
    {
        string[] rows = ["instruction|input|output", "Add 1, 2; 3|\"\"|6"];
        string table = string.Join('\n', rows).Replace("Add 1, 2; 3", "\"Add 1, 2; 3\"", StringComparison.Ordinal);

        DatasetRecord record = Assert.Single(
            SampleData.Read(name, table.Replace("|", separator, StringComparison.Ordinal)));

        Assert.Equal(
            ["Add 1, 2; 3", "6"], SampleData.Messages([record]).Select(message => message.Content));
    }

    [Theory]
    [InlineData("a,text\n1,\"open\nand on", "line 2: expected a quote that ends the cell, found none")]
    [InlineData("a,text\n1,\"x\ny\"z", "line 3: expected the cell's end after its quote, found 'z'")]
    [InlineData("a,text\n1,2\n1", "row 2 (line 3): expected 2 cells, as the first row has, found 1")]
    [InlineData("a,text\n1,2,3", "row 1 (line 2): expected 2 cells, as the first row has, found 3")]
    [InlineData("a,a\n1,2", "line 1: expected a name of its own for column 2, found 'a' again")]
    [InlineData("a,\n1,2", "line 1: expected a name of its own for column 2, found none")]
    [InlineData("a,b\n1,2", "row 1 (line 2): its fields (a, b) are those of no known format")]
    [InlineData("a,text\n", "there is no record to learn from")]
    [InlineData("", "there is no record to learn from")]
    public void A_wrong_table_is_named_with_its_line(string table, string reason) =>
        Assert.Contains(reason, SampleData.Refusal("a.csv", table), StringComparison.Ordinal);

    [Fact]
    public void What_is_no_utf_8_is_refused_with_its_line() => Assert.EndsWith(
        "a.csv, line 2: expected UTF-8",
        Assert.Throws<DatasetException>(() => SampleData.Read("a.csv", [.. "text\n"u8, 0xFF])).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Any_text_comes_back_from_a_quoted_cell() =>
        Gen.String[Gen.Char["ab,;\t\"\r\n é"], 1, 12].Array[1, 8].Sample(texts =>
        {
            StringBuilder table = new("id,text\r\n");
            foreach (string text in texts)
            {
                table.Append("7,\"").Append(text.Replace("\"", "\"\"", StringComparison.Ordinal)).Append("\"\r\n");
            }

            Assert.Equal(
                texts, SampleData.Read("a.csv", table.ToString()).Cast<TextRecord>().Select(record => record.Text));
        }, iter: 300);

    [Fact]
    public void Any_bytes_are_read_or_refused() =>
        Gen.Byte.Array[0, 40].Sample(bytes =>
        {
            byte[] table = [.. "text,b\n"u8, .. bytes];
            Exception? exception = Record.Exception(() => SampleData.Read("a.csv", table));
            Assert.True(exception is null or DatasetException, $"{exception}");
        }, iter: 500);
}
