using System.Text.Json;

namespace Chaku.Training.Datasets;

/// <summary>A JSON object of a data set, whose fields are asked for by name.</summary>
/// <param name="file">The file, for messages.</param>
/// <param name="place">Where in it the object is.</param>
/// <param name="element">The object.</param>
internal sealed class JsonRecord(string file, string place, JsonElement element)
{
    /// <summary>Where in the file it is.</summary>
    public string Place => place;

    /// <summary>A text that must be there.</summary>
    /// <exception cref="DatasetException">There is none, or no text.</exception>
    public string Text(string name) => OptionalText(name) ?? throw Wrong($"{name}", "none");

    /// <summary>A text; null where there is none.</summary>
    /// <exception cref="DatasetException">It is no text, or is there twice.</exception>
    public string? OptionalText(string name)
    {
        JsonElement? found = null;
        foreach (JsonProperty field in element.EnumerateObject())
        {
            if (!field.NameEquals(name))
            {
                continue;
            }

            found = found is null ? field.Value : throw Wrong($"{name} once", "it twice");
        }

        return found switch
        {
            null or { ValueKind: JsonValueKind.Null } => null,
            { ValueKind: JsonValueKind.String } text => Content(name, text),
            { } other => throw Wrong($"a text as {name}", $"{other.ValueKind}"),
        };
    }

    private string Content(string name, JsonElement text)
    {
        try
        {
            return text.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Wrong($"a text as {name}", "half a surrogate pair, or no UTF-8");
        }
    }

    private DatasetException Wrong(string expected, string found) =>
        new($"{file}, {place}: expected {expected}, found {found}");
}

/// <summary>Reads the objects of a JSON array, or of lines of JSON.</summary>
internal static class JsonRecords
{
    private const int MaximumDepth = 64;

    /// <summary>The objects, in the file's order.</summary>
    /// <exception cref="DatasetException">The file is no such JSON; the message has the line.</exception>
    public static List<JsonRecord> Read(DatasetFile file) =>
        file.FirstByte == (byte)'[' ? ReadArray(file) : ReadLines(file);

    private static List<JsonRecord> ReadLines(DatasetFile file)
    {
        List<JsonRecord> records = [];
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

    private static List<JsonRecord> ReadArray(DatasetFile file)
    {
        ReadOnlySpan<byte> content = file.Content;
        List<JsonRecord> records = [];
        Utf8JsonReader json = new(content, new JsonReaderOptions { MaxDepth = MaximumDepth });
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

    private static JsonRecord Parse(DatasetFile file, ReadOnlySpan<byte> text, string place, int line)
    {
        try
        {
            JsonElement element = JsonElement.Parse(text, new JsonDocumentOptions { MaxDepth = MaximumDepth });
            return element.ValueKind == JsonValueKind.Object
                ? new JsonRecord(file.Path, place, element)
                : throw new DatasetException($"{file.Path}, {place}: expected an object, found {element.ValueKind}");
        }
        catch (JsonException exception)
        {
            throw Malformed(file, exception, line);
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
