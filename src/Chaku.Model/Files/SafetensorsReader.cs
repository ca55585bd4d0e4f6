using System.Text.Json;

namespace Chaku.Model.Files;

/// <summary>
/// Reads a safetensors file's header: its length, its JSON, and the places it claims are checked before use.
/// </summary>
internal sealed class SafetensorsReader
{
    /// <summary>The key under which a header keeps strings instead of a tensor.</summary>
    public const string MetadataKey = "__metadata__";

    // The limit of the format's own implementation: a longer header is an attack on the parser.
    private const long MaximumHeaderByteLength = 100_000_000;
    private const int MaximumDepth = 4;
    private const int DataStartAfterHeader = sizeof(ulong);

    private readonly MappedFile _map;
    private readonly long _dataStart;
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private readonly List<FileTensor> _tensors = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    private SafetensorsReader(MappedFile map, long dataStart)
    {
        _map = map;
        _dataStart = dataStart;
    }

    /// <summary>Reads the header.</summary>
    /// <exception cref="ModelFormatException">It is broken.</exception>
    public static TensorFile Read(MappedFile map)
    {
        FileCursor cursor = new(map);
        ulong length = cursor.Read<ulong>("header length");
        if (length > (ulong)Math.Min(cursor.Left, MaximumHeaderByteLength))
        {
            throw cursor.WrongAt(
                0,
                $"a header of at most {MaximumHeaderByteLength} bytes in the {cursor.Left} bytes of the file",
                $"a header of {length} bytes");
        }

        ReadOnlySpan<byte> header = cursor.ReadBytes((int)length, "header");
        SafetensorsReader reader = new(map, cursor.Position);
        Utf8JsonReader json = new(header, new JsonReaderOptions { MaxDepth = MaximumDepth });
        try
        {
            reader.ReadHeader(ref json);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException is how the reader refuses a string that is no UTF-8 or half a surrogate pair.
            throw reader.Wrong(json.TokenStartIndex, "a JSON header", exception.Message, exception);
        }

        reader.CheckPlaces();
        return new TensorFile(map, reader._metadata, reader._tensors);
    }

    private void ReadHeader(ref Utf8JsonReader json)
    {
        Expect(ref json, JsonTokenType.StartObject, "an object");
        while (NextProperty(ref json) is { } name)
        {
            if (!_names.Add(name))
            {
                throw Wrong(json.TokenStartIndex, "every name once", $"{ModelFormatException.Quote(name)} again");
            }

            if (name == MetadataKey)
            {
                ReadMetadata(ref json);
            }
            else
            {
                ReadTensor(ref json, name);
            }
        }

        if (json.Read())
        {
            throw Wrong(json.TokenStartIndex, "the header's end", $"{json.TokenType}");
        }
    }

    private void ReadMetadata(ref Utf8JsonReader json)
    {
        Expect(ref json, JsonTokenType.StartObject, "an object of strings");
        while (NextProperty(ref json) is { } key)
        {
            Expect(ref json, JsonTokenType.String, $"a string as metadata {ModelFormatException.Quote(key)}");
            if (!_metadata.TryAdd(key, json.GetString()!))
            {
                throw Wrong(
                    json.TokenStartIndex, "every metadata key once", $"{ModelFormatException.Quote(key)} again");
            }
        }
    }

    private void ReadTensor(ref Utf8JsonReader json, string name)
    {
        string quoted = ModelFormatException.Quote(name);
        long start = json.TokenStartIndex;
        string? dataType = null;
        long[]? shape = null;
        long[]? places = null;
        Expect(ref json, JsonTokenType.StartObject, $"an object for tensor {quoted}");
        while (NextProperty(ref json) is { } property)
        {
            switch (property)
            {
                case "dtype" when dataType is null:
                    Expect(ref json, JsonTokenType.String, $"the type of {quoted}");
                    dataType = json.GetString()!;
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref json, $"the shape of {quoted}");
                    break;
                case "data_offsets" when places is null:
                    places = ReadNumbers(ref json, $"the offsets of {quoted}");
                    break;
                default:
                    throw Wrong(
                        json.TokenStartIndex,
                        $"dtype, shape and data_offsets of {quoted}, each once",
                        ModelFormatException.Quote(property));
            }
        }

        if (dataType is null || shape is null || places is not [long begin, long end])
        {
            throw Wrong(start, $"dtype, shape and two data_offsets of {quoted}", "fewer or more");
        }

        _tensors.Add(Checked(name, dataType, shape, begin, end, start));
    }

    private FileTensor Checked(string name, string dataType, long[] shape, long begin, long end, long start)
    {
        UInt128 count = 1;
        foreach (long length in shape)
        {
            // Held at 2⁶³, which no tensor has, so that the product never wraps; only a length of 0 brings it down.
            count = UInt128.Min(count * (UInt128)length, (UInt128)long.MaxValue + 1);
        }

        FileTensor tensor = new(
            name, dataType, shape, _dataStart + begin, end - begin, (long)UInt128.Min(count, long.MaxValue));
        if (begin > end || end > _map.Length - _dataStart)
        {
            throw Wrong(
                start, $"{tensor} within the {_map.Length - _dataStart} bytes of data", $"offsets {begin} to {end}");
        }

        int elementByteLength = ElementTypes.ByteLength(dataType);
        UInt128 expected = count * (UInt128)elementByteLength;
        return elementByteLength == 0 || expected == (UInt128)(end - begin)
            ? tensor
            : throw Wrong(start, $"{expected} bytes of {tensor}", $"{end - begin} bytes");
    }

    private void CheckPlaces()
    {
        long end = _dataStart;
        IOrderedEnumerable<FileTensor> inOrder =
            _tensors.OrderBy(tensor => tensor.Offset).ThenBy(tensor => tensor.ByteLength);
        foreach (FileTensor tensor in inOrder)
        {
            if (tensor.Offset != end)
            {
                throw new ModelFormatException(
                    _map.Path,
                    tensor.Offset,
                    $"{tensor} to begin at byte {end}, where the tensor before it ends",
                    tensor.Offset < end ? "an overlap" : $"a hole of {tensor.Offset - end} bytes");
            }

            end += tensor.ByteLength;
        }

        if (end != _map.Length)
        {
            throw new ModelFormatException(
                _map.Path, end, "the end of the file after the last tensor", $"{_map.Length - end} more bytes");
        }
    }

    private long[] ReadNumbers(ref Utf8JsonReader json, string what)
    {
        Expect(ref json, JsonTokenType.StartArray, what);
        List<long> numbers = [];
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out long number) || number < 0)
            {
                throw Wrong(json.TokenStartIndex, $"integers from 0 to {long.MaxValue} in {what}", $"{json.TokenType}");
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }

    private static string? NextProperty(ref Utf8JsonReader json)
    {
        _ = json.Read();
        return json.TokenType == JsonTokenType.PropertyName ? json.GetString() : null;
    }

    private void Expect(ref Utf8JsonReader json, JsonTokenType type, string what)
    {
        _ = json.Read();
        if (json.TokenType != type)
        {
            throw Wrong(json.TokenStartIndex, what, $"{json.TokenType}");
        }
    }

    private ModelFormatException Wrong(long headerOffset, string expected, string found, Exception? inner = null) =>
        new(_map.Path, DataStartAfterHeader + headerOffset, expected, found, inner);
}
