using System.Text;
using System.Text.Json;
using Chaku.Model.Files;

namespace Chaku.Model.Families;

/// <summary>
/// Reads <c>config.json</c> as metadata: an object's values have its name and a dot before theirs.
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
        using JsonFile file = JsonFile.Open(path, MaximumByteLength, MaximumDepth);
        Metadata metadata = new(path) { EndOffset = file.ByteLength };
        AddObject(metadata, "", file.Root);
        return metadata;
    }

    private static void AddObject(Metadata metadata, string prefix, JsonField element)
    {
        foreach ((string name, JsonField field) in element.Properties())
        {
            string key = prefix + name;
            if (field.Kind == JsonValueKind.Object)
            {
                AddObject(metadata, key + ".", field);
            }
            else if (field.Kind == JsonValueKind.Null)
            {
                metadata.AddNull(key);
            }
            else if (Read(field) is var (type, content) && !metadata.TryAdd(
                new MetadataValue(key, type, content, field.File.Path, field.File.OffsetOf(field.Value))))
            {
                throw field.Wrong("every key once", $"{ModelFormatException.Quote(key)} again");
            }
        }
    }

    private static (GgufValueType Type, object Content) Read(JsonField field) => field.Kind switch
    {
        JsonValueKind.True => (GgufValueType.Bool, true),
        JsonValueKind.False => (GgufValueType.Bool, false),
        JsonValueKind.String => (GgufValueType.String, Encoding.UTF8.GetBytes(field.AsText())),
        JsonValueKind.Number when field.Value.TryGetInt64(out long number) => (GgufValueType.Int64, number),
        JsonValueKind.Number => (GgufValueType.Float64, field.Value.GetDouble()),
        _ => (GgufValueType.Array, ReadArray([.. field.Items()])),
    };

    private static GgufArray ReadArray(JsonField[] items)
    {
        if (items.All(item => item.Kind == JsonValueKind.String))
        {
            return new GgufArray(
                GgufValueType.String, Array.ConvertAll(items, item => Encoding.UTF8.GetBytes(item.AsText())));
        }

        if (items.All(item => item.Kind == JsonValueKind.Number))
        {
            return items.All(item => item.Value.TryGetInt64(out _))
                ? new GgufArray(GgufValueType.Int64, Array.ConvertAll(items, item => item.Value.GetInt64()))
                : new GgufArray(GgufValueType.Float64, Array.ConvertAll(items, item => item.Value.GetDouble()));
        }

        // Lists of other things are in no setting of a decoder: their text stands for them, and is refused where read.
        return new GgufArray(
            GgufValueType.String, Array.ConvertAll(items, item => Encoding.UTF8.GetBytes(item.Value.GetRawText())));
    }
}
