using System.Buffers;
using System.Text.Json;

namespace Chaku.Training.Datasets.Containers;

/// <summary>A record of any container: values with names, as in a JSON object, which are asked for by name.</summary>
/// <param name="file">The file, for messages.</param>
/// <param name="place">Where in it the record is.</param>
/// <param name="element">The values: an object.</param>
internal sealed class FieldRecord(string file, string place, JsonElement element)
{
    /// <summary>How deep values lie in each other at most.</summary>
    public const int MaximumDepth = 256;

    /// <summary>The field of a record that is nothing but a text.</summary>
    public const string TextField = "text";

    /// <summary>Where in the file it is.</summary>
    public string Place => place;

    /// <summary>The fields' names.</summary>
    public IEnumerable<string> Names => element.EnumerateObject().Select(property => property.Name);

    /// <summary>A record whose values are written by a function.</summary>
    /// <param name="file">The file, for messages.</param>
    /// <param name="place">Where in it the record is.</param>
    /// <param name="writeFields">Writes what is between the braces.</param>
    public static FieldRecord Create(string file, string place, Action<Utf8JsonWriter> writeFields)
    {
        ArrayBufferWriter<byte> bytes = new();
        using (Utf8JsonWriter json = new(bytes, new JsonWriterOptions { MaxDepth = MaximumDepth }))
        {
            json.WriteStartObject();
            writeFields(json);
            json.WriteEndObject();
        }

        return new FieldRecord(file, place, Parse(bytes.WrittenSpan));
    }

    /// <summary>Reads one JSON value.</summary>
    /// <exception cref="JsonException">It is none, or too deep.</exception>
    public static JsonElement Parse(ReadOnlySpan<byte> json) =>
        JsonElement.Parse(json, new JsonDocumentOptions { MaxDepth = MaximumDepth });

    /// <summary>Whether a field is there, and not null.</summary>
    public bool Has(string name) => element.TryGetProperty(name, out JsonElement value)
        && value.ValueKind != JsonValueKind.Null;

    /// <summary>Whether a field is there and is of a kind.</summary>
    public bool Has(string name, JsonValueKind kind) => element.TryGetProperty(name, out JsonElement value)
        && value.ValueKind == kind;

    /// <summary>A text that must be there.</summary>
    /// <exception cref="DatasetException">There is none, or no text.</exception>
    public string Text(string name) => OptionalText(name) ?? throw Wrong($"{name}", "none");

    /// <summary>A text; null where there is none.</summary>
    /// <exception cref="DatasetException">It is no text, or is there twice.</exception>
    public string? OptionalText(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => Content($"a text as {name}", text),
        { } other => throw Wrong($"a text as {name}", $"{other.ValueKind}"),
    };

    /// <summary>A number; null where there is none.</summary>
    /// <exception cref="DatasetException">It is no number, or is there twice.</exception>
    public double? OptionalNumber(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetDouble(out double value) => value,
        { } other => throw Wrong($"a number as {name}", $"{other.ValueKind}"),
    };

    /// <summary>True or false; null where there is none.</summary>
    /// <exception cref="DatasetException">It is neither, or is there twice.</exception>
    public bool? OptionalFlag(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } other => throw Wrong($"true or false as {name}", $"{other.ValueKind}"),
    };

    /// <summary>The objects of a list, each with a place of its own; none where there is no list.</summary>
    /// <param name="name">The field: a list, or a text that is a list in JSON, as a table's cell may be.</param>
    /// <param name="what">What they are called in messages.</param>
    /// <exception cref="DatasetException">It is no list, or not of objects.</exception>
    public IEnumerable<FieldRecord> Objects(string name, string what)
    {
        int number = 0;
        foreach (JsonElement item in List(name))
        {
            string itemPlace = $"{place}, {what} {++number}";
            yield return item.ValueKind == JsonValueKind.Object
                ? new FieldRecord(file, itemPlace, item)
                : throw Wrong(file, itemPlace, "an object", $"{item.ValueKind}");
        }
    }

    /// <summary>The texts of a list of lists of texts; none where there is no list.</summary>
    /// <exception cref="DatasetException">It is something else.</exception>
    public IEnumerable<IReadOnlyList<string>> TextLists(string name)
    {
        foreach (JsonElement item in List(name))
        {
            yield return item.ValueKind == JsonValueKind.Array
                ? [.. item.EnumerateArray().Select(text => Content($"lists of texts as {name}", text))]
                : throw Wrong($"lists of texts as {name}", $"{item.ValueKind}");
        }
    }

    /// <summary>An object inside this one; null where there is none.</summary>
    /// <exception cref="DatasetException">It is no object, or is there twice.</exception>
    public FieldRecord? OptionalObject(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } inner => new FieldRecord(file, place, inner),
        { } other => throw Wrong($"an object as {name}", $"{other.ValueKind}"),
    };

    /// <summary>A value as JSON writes it, a text as it is; null where there is none or nothing in it.</summary>
    /// <exception cref="DatasetException">It is there twice.</exception>
    public string? OptionalJson(string name)
    {
        string? json = Find(name) switch
        {
            null => null,
            { ValueKind: JsonValueKind.String } text => Content($"a text as {name}", text),
            { } other => other.GetRawText(),
        };
        return string.IsNullOrWhiteSpace(json) || json is "[]" or "{}" ? null : json;
    }

    /// <summary>A record that is not what its format demands.</summary>
    public DatasetException Wrong(string expected, string found) => Wrong(file, place, expected, found);

    private static DatasetException Wrong(string file, string place, string expected, string found) =>
        new($"{file}, {place}: expected {expected}, found {found}");

    private JsonElement? Find(string name)
    {
        JsonElement? found = null;
        foreach (JsonProperty field in element.EnumerateObject())
        {
            if (field.NameEquals(name))
            {
                found = found is null ? field.Value : throw Wrong($"{name} once", "it twice");
            }
        }

        return found is { ValueKind: JsonValueKind.Null } ? null : found;
    }

    private JsonElement.ArrayEnumerator List(string name)
    {
        JsonElement? found = Find(name);
        if (found is { ValueKind: JsonValueKind.String } text)
        {
            try
            {
                found = JsonElement.Parse(text.GetString()!, new JsonDocumentOptions { MaxDepth = MaximumDepth });
            }
            catch (Exception exception) when (exception is JsonException or InvalidOperationException)
            {
                throw Wrong($"a list as {name}", "a text that is no JSON");
            }
        }

        return found switch
        {
            null => default,
            { ValueKind: JsonValueKind.Array } list => list.EnumerateArray(),
            { } other => throw Wrong($"a list as {name}", $"{other.ValueKind}"),
        };
    }

    private string Content(string expected, JsonElement text)
    {
        try
        {
            return text.ValueKind == JsonValueKind.String
                ? text.GetString()!
                : throw Wrong(expected, $"{text.ValueKind}");
        }
        catch (InvalidOperationException)
        {
            throw Wrong(expected, "half a surrogate pair, or no UTF-8");
        }
    }
}
