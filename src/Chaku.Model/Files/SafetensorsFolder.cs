using System.Text.Json;

namespace Chaku.Model.Files;

/// <summary>A folder whose tensors are in one safetensors file or in several that an index names.</summary>
internal sealed class SafetensorsFolder : IDisposable
{
    /// <summary>The file's name where there is only one.</summary>
    public const string SingleName = "model.safetensors";

    /// <summary>The index's name where there are several.</summary>
    public const string IndexName = "model.safetensors.index.json";

    private const int MaximumIndexDepth = 64;

    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, SafetensorsFile> _owners = new(StringComparer.Ordinal);

    private SafetensorsFolder()
    {
    }

    /// <summary>The files, in ordinal order of their names.</summary>
    public IReadOnlyList<SafetensorsFile> Files => _files;

    /// <summary>The names of all tensors.</summary>
    public IReadOnlyCollection<string> Names => _owners.Keys;

    /// <summary>Opens the files of a folder.</summary>
    /// <exception cref="ModelFormatException">A file is broken, or the index and the files disagree.</exception>
    /// <exception cref="IOException">The folder has neither file nor index, or one cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading is not permitted.</exception>
    public static SafetensorsFolder Open(string path)
    {
        SafetensorsFolder folder = new();
        try
        {
            string index = Path.Combine(path, IndexName);
            if (File.Exists(index))
            {
                folder.AddShards(path, index);
            }
            else
            {
                folder.Add(SafetensorsFile.Open(Path.Combine(path, SingleName)));
            }

            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>The file that has this tensor; null where none has.</summary>
    public SafetensorsFile? Find(string name) => _owners.GetValueOrDefault(name);

    /// <summary>Unmaps the files; every view and matrix of them is dead from then on.</summary>
    public void Dispose() => _files.ForEach(file => file.Dispose());

    private void AddShards(string path, string index)
    {
        Dictionary<string, string> map = ReadIndex(index);
        foreach (string name in map.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            Add(SafetensorsFile.Open(Path.Combine(path, name)));
        }

        foreach ((string tensor, string name) in map)
        {
            if (Find(tensor) is not { } file || Path.GetFileName(file.Path) != name)
            {
                throw new ModelFormatException(
                    index,
                    0,
                    $"tensor {ModelFormatException.Quote(tensor)} in {ModelFormatException.Quote(name)}",
                    "none");
            }
        }

        if (_owners.Keys.FirstOrDefault(tensor => !map.ContainsKey(tensor)) is { } extra)
        {
            throw new ModelFormatException(
                _owners[extra].Path,
                _owners[extra][extra].Offset,
                $"no tensors but those of {IndexName}",
                ModelFormatException.Quote(extra));
        }
    }

    private void Add(SafetensorsFile file)
    {
        _files.Add(file);
        foreach (SafetensorsTensor tensor in file.Tensors)
        {
            if (!_owners.TryAdd(tensor.Name, file))
            {
                throw new ModelFormatException(
                    file.Path, tensor.Offset, "every tensor in one file of the folder", $"{tensor} again");
            }
        }
    }

    private static Dictionary<string, string> ReadIndex(string index)
    {
        Dictionary<string, string> map = new(StringComparer.Ordinal);
        using MappedFile file = MappedFile.Open(index);
        if (file.Length > Array.MaxLength)
        {
            throw new ModelFormatException(index, 0, $"at most {Array.MaxLength} bytes", $"{file.Length}");
        }

        Utf8JsonReader json = new(
            file.Span(0, (int)file.Length), new JsonReaderOptions { MaxDepth = MaximumIndexDepth });
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
