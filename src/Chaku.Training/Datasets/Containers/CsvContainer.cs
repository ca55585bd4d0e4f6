using System.Text;

namespace Chaku.Training.Datasets.Containers;

/// <summary>
/// A table whose first row names the columns, with commas, semicolons or tabs between: what the first row has most of.
/// </summary>
/// <remarks>Source: RFC 4180; every cell is a text.</remarks>
internal sealed class CsvContainer : DatasetContainer
{
    /// <inheritdoc/>
    public override string Name => "csv";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Extensions { get; } = [".csv", ".tsv"];

    /// <summary>Never: many a text would pass for a table.</summary>
    /// <inheritdoc/>
    public override bool Recognises(DatasetFile file) => false;

    /// <inheritdoc/>
    public override ContainerContent Read(DatasetFile file)
    {
        PlainContainer.RequireUtf8(file);
        CsvReader reader = new(file.Path, Encoding.UTF8.GetString(file.Content));
        if (reader.ReadRow() is not { } header)
        {
            return new ContainerContent([]);
        }

        RequireNames(file.Path, header);
        List<FieldRecord> records = [];
        while (reader.ReadRow() is { } row)
        {
            string place = $"row {records.Count + 1} (line {reader.RowLine})";
            if (row.Count != header.Count)
            {
                throw new DatasetException(
                    $"{file.Path}, {place}: expected {header.Count} cells, as the first row has, found {row.Count}");
            }

            records.Add(FieldRecord.Create(file.Path, place, json =>
            {
                for (int column = 0; column < row.Count; column++)
                {
                    json.WriteString(header[column], row[column]);
                }
            }));
        }

        return new ContainerContent(records);
    }

    private static void RequireNames(string path, List<string> header)
    {
        for (int column = 0; column < header.Count; column++)
        {
            header[column] = header[column].Trim();
            string? wrong = header[column].Length == 0 ? "none"
                : header.IndexOf(header[column]) < column ? $"'{header[column]}' again"
                : null;
            if (wrong is not null)
            {
                throw new DatasetException(
                    $"{path}, line 1: expected a name of its own for column {column + 1}, found {wrong}");
            }
        }
    }
}
