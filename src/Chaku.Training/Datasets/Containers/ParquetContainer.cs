using System.Text.Json;
using Parquet;
using Parquet.Meta;

namespace Chaku.Training.Datasets.Containers;

/// <summary>Apache Parquet, the tables of Hugging Face's data sets.</summary>
/// <remarks>
/// The file itself is read by Parquet.Net (docs/decisions/0004-parquet.md); bytes of a text that are no UTF-8 become
/// U+FFFD there.
/// </remarks>
internal sealed class ParquetContainer : DatasetContainer
{
    private const long MostRows = 1 << 24;
    private const long MostBytes = 1 << 30;

    /// <inheritdoc/>
    public override string Name => "parquet";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Extensions { get; } = [".parquet"];

    /// <inheritdoc/>
    public override bool Recognises(DatasetFile file) => file.Content.StartsWith("PAR1"u8);

    /// <inheritdoc/>
    public override ContainerContent Read(DatasetFile file)
    {
        if (file.Content.Length < 12 || !Recognises(file) || !file.Content.EndsWith("PAR1"u8))
        {
            throw new DatasetException(
                $"{file.Path}: expected a Parquet file that begins and ends with PAR1, found none: is it cut off?");
        }

        ParquetFooter.Require(file);
        try
        {
            return ReadAsync(file.Path).GetAwaiter().GetResult();
        }
#pragma warning disable CA1031 // A damaged file makes the library throw whatever it meets first.
        catch (Exception exception) when (exception is not DatasetException and not OutOfMemoryException)
#pragma warning restore CA1031
        {
            string reason = exception.Message.ReplaceLineEndings(" ");
            throw new DatasetException($"{file.Path}: not readable as Parquet: {reason}", exception);
        }
    }

    // Not by the library's serializer of rows, which compiles expressions as it runs.
    private static async Task<ContainerContent> ReadAsync(string path)
    {
        FileStream stream = File.OpenRead(path);
        await using (stream.ConfigureAwait(false))
        {
            ParquetReader reader = await ParquetReader.CreateAsync(stream, leaveStreamOpen: true).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                RequirePlausible(path, reader.Metadata);
                List<FieldRecord> records = [];
                for (int index = 0; index < reader.RowGroupCount; index++)
                {
                    using ParquetRowGroupReader group = reader.OpenRowGroupReader(index);
                    ParquetRows rows = await ParquetRows.ReadAsync(reader.Schema, group).ConfigureAwait(false);
                    for (long row = 0; row < group.RowCount; row++)
                    {
                        records.Add(FieldRecord.Create(path, $"row {records.Count + 1}", rows.WriteRow));
                    }
                }

                return new ContainerContent(records, License(reader.CustomMetadata));
            }
        }
    }

    // Sizes that no data set of text has are refused before anything is made room for.
    private static void RequirePlausible(string path, FileMetaData? metadata)
    {
        Int128 rows = 0;
        Int128 bytes = 0;
        foreach (RowGroup group in metadata?.RowGroups ?? [])
        {
            rows += Checked(path, "rows", group.NumRows);
            foreach (ColumnChunk column in group.Columns)
            {
                bytes += Checked(path, "bytes", column.MetaData?.TotalUncompressedSize ?? 0);
                _ = Checked(path, "values", column.MetaData?.NumValues ?? 0);
            }
        }

        if (rows > MostRows || bytes > MostBytes)
        {
            throw new DatasetException(
                $"{path}: expected at most {MostRows} rows and {MostBytes} bytes, got {rows} and {bytes}");
        }
    }

    private static long Checked(string path, string what, long count) => count is >= 0 and <= MostBytes
        ? count
        : throw new DatasetException($"{path}: expected at most {MostBytes} {what}, got {count}");

    // A key of its own, or in the description that Hugging Face's library writes.
    private static string? License(Dictionary<string, string> metadata)
    {
        if (metadata.TryGetValue("license", out string? license) && !string.IsNullOrWhiteSpace(license))
        {
            return license.Trim();
        }

        try
        {
            return metadata.TryGetValue("huggingface", out string? description)
                && JsonElement.Parse(description).TryGetProperty("info", out JsonElement content)
                && content.ValueKind == JsonValueKind.Object
                && content.TryGetProperty("license", out JsonElement stated)
                && stated.ValueKind == JsonValueKind.String
                && !string.IsNullOrWhiteSpace(stated.GetString())
                    ? stated.GetString()
                    : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // A description that cannot be read states nothing.
            return null;
        }
    }
}
