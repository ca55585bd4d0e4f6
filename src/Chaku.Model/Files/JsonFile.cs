using System.Runtime.InteropServices;
using System.Text.Json;

namespace Chaku.Model.Files;

/// <summary>A JSON file from a stranger: bounded in size and depth, no property twice.</summary>
internal sealed class JsonFile : IDisposable
{
    private const int MaximumByteLength = 512 << 20;
    private const int MaximumDepth = 32;

    private readonly byte[] _bytes;
    private readonly JsonDocument _document;

    private JsonFile(string path, byte[] bytes)
    {
        Path = path;
        _bytes = bytes;
        try
        {
            _document = JsonDocument.Parse(
                bytes, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = MaximumDepth });
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException is how the reader refuses a string that is no UTF-8 or half a surrogate pair.
            throw new ModelFormatException(
                path,
                OffsetOf(exception as JsonException),
                $"JSON of at most {MaximumDepth} levels, with no property twice",
                ModelFormatException.Quote(exception.Message),
                exception);
        }
    }

    /// <summary>The path it was opened by.</summary>
    public string Path { get; }

    /// <summary>All of the file; an object.</summary>
    public JsonField Root => new JsonField(this, "", _document.RootElement).AsObject();

    /// <summary>Reads a file.</summary>
    /// <exception cref="ModelFormatException">It is no JSON, too large or too deep.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading is not permitted.</exception>
    public static JsonFile Open(string path)
    {
        using MappedFile file = MappedFile.Open(path);
        return file.Length <= MaximumByteLength
            ? new(path, file.Span(0, (int)file.Length).ToArray())
            : throw new ModelFormatException(path, 0, $"at most {MaximumByteLength} bytes", $"{file.Length}");
    }

    /// <summary>Frees the parsed text; every field of it is dead from then on.</summary>
    public void Dispose() => _document.Dispose();

    /// <summary>Bytes from the file's start to the value.</summary>
    public long OffsetOf(JsonElement value) =>
        _bytes.AsSpan().Overlaps(JsonMarshal.GetRawUtf8Value(value), out int offset) ? offset : 0;

    private int OffsetOf(JsonException? exception)
    {
        int offset = 0;
        for (long line = exception?.LineNumber ?? 0; line > 0; line--)
        {
            offset += _bytes.AsSpan(offset).IndexOf((byte)'\n') + 1;
        }

        return offset + (int)(exception?.BytePositionInLine ?? 0);
    }
}
