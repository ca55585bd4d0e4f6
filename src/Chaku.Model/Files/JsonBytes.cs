using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Chaku.Model.Files;

/// <summary>Writes files of JSON as people read them: indented, letters as they are, a line's end behind all.</summary>
internal static class JsonBytes
{
    private static readonly JsonWriterOptions Options = new()
    {
        Indented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The bytes of an object.</summary>
    /// <param name="write">Writes its properties.</param>
    public static byte[] Of(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> output = new();
        using (Utf8JsonWriter json = new(output, Options))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return [.. output.WrittenSpan, (byte)'\n'];
    }
}
