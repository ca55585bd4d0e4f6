using System.Text.Json;

namespace Chaku.Model.Files;

/// <summary>Reads the index of a folder of shards: for each tensor, the file that has it.</summary>
internal static class TensorIndex
{
    private const int MaximumDepth = 64;

    /// <summary>Reads the index.</summary>
    /// <returns>By tensor, a file's name without a folder.</returns>
    /// <exception cref="ModelFormatException">It is broken, or leads out of the folder.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static Dictionary<string, string> Read(string index)
    {
        Dictionary<string, string> map = new(StringComparer.Ordinal);
        using MappedFile file = MappedFile.Open(index);
        if (file.Length > Array.MaxLength)
        {
            throw new ModelFormatException(index, 0, $"at most {Array.MaxLength} bytes", $"{file.Length}");
        }

        Utf8JsonReader json = new(file.Span(0, (int)file.Length), new JsonReaderOptions { MaxDepth = MaximumDepth });
        try
        {
            ReadWeightMap(ref json, map, index);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException is how the reader refuses a string that is none, or no UTF-8.
            throw new ModelFormatException(index, json.TokenStartIndex, "a JSON index", exception.Message, exception);
        }

        return map;
    }

    private static void ReadWeightMap(ref Utf8JsonReader json, Dictionary<string, string> map, string index)
    {
        bool found = false;
        while (json.Read())
        {
            if (json.TokenType != JsonTokenType.PropertyName || json.CurrentDepth != 1)
            {
                continue;
            }

            if (!json.ValueTextEquals("weight_map"))
            {
                json.Skip();
                continue;
            }

            found = true;
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                throw new ModelFormatException(
                    index, json.TokenStartIndex, "an object as weight_map", $"{json.TokenType}");
            }

            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                string tensor = json.GetString()!;
                _ = json.Read();
                AddEntry(map, tensor, json.GetString() ?? "", index, json.TokenStartIndex);
            }
        }

        if (!found)
        {
            throw new ModelFormatException(index, 0, "an object with weight_map", "none");
        }
    }

    private static void AddEntry(Dictionary<string, string> map, string tensor, string name, string index, long offset)
    {
        // The name comes from a stranger and may not lead out of the folder, on any system.
        if (name.Length == 0 || name is "." or ".." || name.AsSpan().ContainsAny("/\\:\0"))
        {
            throw new ModelFormatException(
                index, offset, "a file name without a folder", ModelFormatException.Quote(name));
        }

        if (!map.TryAdd(tensor, name))
        {
            throw new ModelFormatException(
                index, offset, "every tensor once", $"{ModelFormatException.Quote(tensor)} again");
        }
    }
}
