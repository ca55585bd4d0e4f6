using System.Text.Json;

namespace Chaku.Training.Datasets.Containers;

/// <summary>JSON: a list of records, or a record on each line. A record is an object, or a text alone.</summary>
internal sealed class JsonContainer : DatasetContainer
{
    /// <inheritdoc/>
    public override string Name => "json";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Extensions { get; } = [".json", ".jsonl", ".ndjson"];

    /// <inheritdoc/>
    public override bool Recognises(DatasetFile file) => file.FirstByte is (byte)'[' or (byte)'{';

    /// <inheritdoc/>
    public override ContainerContent Read(DatasetFile file) =>
        new(file.FirstByte == (byte)'[' ? ReadArray(file) : ReadLines(file));

    private static List<FieldRecord> ReadLines(DatasetFile file)
    {
        List<FieldRecord> records = [];
        int number = 0;
        foreach (Range range in file.Content.Split((byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> line = file.Content[range];
            if (line.ContainsAnyExcept(" \t\r"u8))
            {
                records.Add(Parse(file, line, $"line {number}", number));
            }
        }

        return records;
    }

    private static List<FieldRecord> ReadArray(DatasetFile file)
    {
        ReadOnlySpan<byte> content = file.Content;
        List<FieldRecord> records = [];
        Utf8JsonReader json = new(content, new JsonReaderOptions { MaxDepth = FieldRecord.MaximumDepth });
        int line = 1;
        int counted = 0;
        try
        {
            _ = json.Read();
            while (json.Read() && json.TokenType != JsonTokenType.EndArray)
            {
                int start = (int)json.TokenStartIndex;
                json.Skip();
                line += content[counted..start].Count((byte)'\n');
                counted = start;
                ReadOnlySpan<byte> element = content[start..(int)json.BytesConsumed];
                records.Add(Parse(file, element, $"record {records.Count + 1} (line {line})", line));
            }

            // What stands behind the array is refused by the reader itself.
            _ = json.Read();
        }
        catch (JsonException exception)
        {
            throw Malformed(file, exception, 1);
        }

        return records;
    }

    private static FieldRecord Parse(DatasetFile file, ReadOnlySpan<byte> text, string place, int line)
    {
        try
        {
            JsonElement element = FieldRecord.Parse(text);
            return element.ValueKind switch
            {
                JsonValueKind.Object => new FieldRecord(file.Path, place, element),
                JsonValueKind.String => FieldRecord.Create(file.Path, place, json =>
                {
                    json.WritePropertyName(FieldRecord.TextField);
                    element.WriteTo(json);
                }),
                _ => throw new DatasetException(
                    $"{file.Path}, {place}: expected an object, found {element.ValueKind}"),
            };
        }
        catch (JsonException exception)
        {
            throw Malformed(file, exception, line);
        }
        catch (InvalidOperationException)
        {
            throw new DatasetException(
                $"{file.Path}, {place}: expected a text, found half a surrogate pair, or no UTF-8");
        }
    }

    private static DatasetException Malformed(DatasetFile file, JsonException exception, int firstLine)
    {
        // The reader's own text ends with a line that it counts from 0, from where it began.
        string reason = exception.Message.Split(" LineNumber:")[0];
        return new DatasetException(
            $"{file.Path}, line {firstLine + (exception.LineNumber ?? 0)}: malformed JSON: {reason}", exception);
    }
}
