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

    private JsonFile(string path, byte[] bytes, int maximumDepth)
    {
        Path = path;
        _bytes = bytes;
        try
        {
            _document = JsonDocument.Parse(
                bytes, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = maximumDepth });
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException is how the reader refuses a string that is no UTF-8 or half a surrogate pair.
            throw new ModelFormatException(
                path,
                OffsetOf(exception as JsonException),
                $"JSON of at most {maximumDepth} levels, with no property twice",
                ModelFormatException.Quote(exception.Message),
                exception);
        }
    }

    /// <summary>The path it was opened by.</summary>
    public string Path { get; }

    /// <summary>Bytes in the file.</summary>
    public long ByteLength => _bytes.Length;

    /// <summary>All of the file; an object.</summary>
    public JsonField Root => new JsonField(this, "", _document.RootElement).AsObject();

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maximumByteLength">Its size at most.</param>
    /// <param name="maximumDepth">Objects and lists inside each other at most.</param>
    /// <exception cref="ModelFormatException">It is no JSON, too large or too deep.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading is not permitted.</exception>
    public static JsonFile Open(
        string path, int maximumByteLength = MaximumByteLength, int maximumDepth = MaximumDepth)
    {
        using MappedFile file = MappedFile.Open(path);
        return file.Length <= maximumByteLength
            ? new(path, file.Span(0, (int)file.Length).ToArray(), maximumDepth)
            : throw new ModelFormatException(path, 0, $"at most {maximumByteLength} bytes", $"{file.Length}");
    }

    /// <summary>Reads text that is in no file.</summary>
    /// <param name="source">Where it comes from, for messages.</param>
    /// <param name="bytes">UTF-8, kept.</param>
    /// <param name="maximumDepth">Objects and lists inside each other at most.</param>
    /// <exception cref="ModelFormatException">It is no JSON, or too deep.</exception>
    public static JsonFile Parse(string source, byte[] bytes, int maximumDepth = MaximumDepth) =>
        new(source, bytes, maximumDepth);

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
