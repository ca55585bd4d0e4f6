using System.Text;
using System.Text.Json;
using Chaku.Model.Files;

namespace Chaku.Model.Families;

/// <summary>
/// Reads <c>config.json</c> as metadata: an object's values have its name and a dot before theirs, and null is left
/// out.
/// </summary>
internal static class HuggingFaceConfig
{
    /// <summary>The name of the file.</summary>
    public const string FileName = "config.json";

    private const int MaximumByteLength = 1 << 24;
    private const int MaximumDepth = 16;

    /// <summary>Reads a file.</summary>
    /// <exception cref="ModelFormatException">It is no object in JSON, too deep or too long.</exception>
    /// <exception cref="IOException">It is missing or cannot be read.</exception>
    public static Metadata Read(string path)
    {
        using MappedFile file = MappedFile.Open(path);
        if (file.Length > MaximumByteLength)
        {
            throw new ModelFormatException(path, 0, $"at most {MaximumByteLength} bytes", $"{file.Length}");
        }

        byte[] bytes = file.Span(0, (int)file.Length).ToArray();
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                bytes, new JsonDocumentOptions { MaxDepth = MaximumDepth });
            Metadata metadata = new(path) { EndOffset = file.Length };
            AddObject(metadata, path, "", document.RootElement);
            return metadata;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException is how the reader refuses a root that is no object, or a string of no UTF-8.
            throw new ModelFormatException(path, 0, "an object in JSON", exception.Message, exception);
        }
    }

    private static void AddObject(Metadata metadata, string path, string prefix, JsonElement element)
    {
        foreach (JsonProperty property in element.EnumerateObject())
        {
            string key = prefix + property.Name;
            if (property.Value.ValueKind == JsonValueKind.Object)
            {
                AddObject(metadata, path, key + ".", property.Value);
            }
            else if (Read(property.Value) is { } value
                && !metadata.TryAdd(new MetadataValue(key, value.Type, value.Content, path, 0)))
            {
                throw new ModelFormatException(
                    path, 0, "every key once", $"{ModelFormatException.Quote(key)} again");
            }
        }
    }

    private static (GgufValueType Type, object Content)? Read(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => (GgufValueType.Bool, true),
        JsonValueKind.False => (GgufValueType.Bool, false),
        JsonValueKind.String => (GgufValueType.String, Encoding.UTF8.GetBytes(value.GetString()!)),
        JsonValueKind.Number when value.TryGetInt64(out long number) => (GgufValueType.Int64, number),
        JsonValueKind.Number => (GgufValueType.Float64, value.GetDouble()),
        _ => (GgufValueType.Array, ReadArray(value)),
    };

    private static GgufArray ReadArray(JsonElement array)
    {
        JsonElement[] items = [.. array.EnumerateArray()];
        if (items.All(item => item.ValueKind == JsonValueKind.String))
        {
            return new GgufArray(
                GgufValueType.String, Array.ConvertAll(items, item => Encoding.UTF8.GetBytes(item.GetString()!)));
        }

        if (items.All(item => item.ValueKind == JsonValueKind.Number))
        {
            return items.All(item => item.TryGetInt64(out _))
                ? new GgufArray(GgufValueType.Int64, Array.ConvertAll(items, item => item.GetInt64()))
                : new GgufArray(GgufValueType.Float64, Array.ConvertAll(items, item => item.GetDouble()));
        }

        // Lists of other things are in no setting of a decoder: their text stands for them, and is refused where read.
        return new GgufArray(
            GgufValueType.String, Array.ConvertAll(items, item => Encoding.UTF8.GetBytes(item.GetRawText())));
    }
}
