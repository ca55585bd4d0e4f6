using System.Buffers;
using System.Text.Json;

namespace Chaku.Model.Files;

/// <summary>Writes safetensors files: the same input gives the same bytes.</summary>
internal static class SafetensorsWriter
{
    private const int HeaderAlignment = 8;

    /// <summary>Writes a file whole or not at all.</summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="metadata">Strings about the tensors, written in ordinal order of their keys; may be empty.</param>
    /// <param name="tensors">Written in this order; each is asked for its bytes once.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="ArgumentException">
    /// Two tensors have one name, or a format is none that safetensors has.
    /// </exception>
    public static void Write(
        string path, IReadOnlyDictionary<string, string> metadata, IReadOnlyList<TensorSource> tensors)
    {
        byte[] header = Header(metadata, tensors);
        AtomicFile.Write(path, stream => Write(stream, header, tensors));
    }

    /// <summary>Writes a file's content to a stream.</summary>
    /// <inheritdoc cref="Write(string, IReadOnlyDictionary{string, string}, IReadOnlyList{TensorSource})"/>
    public static void Write(
        Stream stream, IReadOnlyDictionary<string, string> metadata, IReadOnlyList<TensorSource> tensors) =>
        Write(stream, Header(metadata, tensors), tensors);

    private static void Write(Stream stream, byte[] header, IReadOnlyList<TensorSource> tensors)
    {
        stream.Write(BitConverter.GetBytes((ulong)header.Length));
        stream.Write(header);
        foreach (TensorSource tensor in tensors)
        {
            tensor.WriteTo(stream);
        }
    }

    private static byte[] Header(IReadOnlyDictionary<string, string> metadata, IReadOnlyList<TensorSource> tensors)
    {
        TensorSource.CheckNames(tensors);
        ArrayBufferWriter<byte> output = new();
        using (Utf8JsonWriter json = new(output))
        {
            json.WriteStartObject();
            WriteMetadata(json, metadata);
            long place = 0;
            foreach (TensorSource tensor in tensors)
            {
                WriteTensor(json, tensor, place);
                place = checked(place + tensor.ByteLength);
            }

            json.WriteEndObject();
        }

        // The first tensor begins at a multiple of 8, as readers expect; the format pads with spaces.
        int padding = -output.WrittenCount & (HeaderAlignment - 1);
        output.GetSpan(HeaderAlignment)[..padding].Fill((byte)' ');
        output.Advance(padding);
        return output.WrittenSpan.ToArray();
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        if (metadata.Count == 0)
        {
            return;
        }

        json.WriteStartObject(SafetensorsReader.MetadataKey);
        foreach ((string key, string value) in metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    private static void WriteTensor(Utf8JsonWriter json, TensorSource tensor, long place)
    {
        if (ElementTypes.ByteLength(tensor.DataType) == 0 || tensor.Name == SafetensorsReader.MetadataKey
            || tensor.Dimensions.Any(length => length < 0))
        {
            throw new ArgumentException(
                $"safetensors has no tensor {ModelFormatException.Quote(tensor.Name)} in {tensor.DataType} "
                + $"[{string.Join(", ", tensor.Dimensions)}]",
                nameof(tensor));
        }

        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.DataType);
        WriteNumbers(json, "shape", tensor.Dimensions);
        WriteNumbers(json, "data_offsets", [place, checked(place + tensor.ByteLength)]);
        json.WriteEndObject();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, IReadOnlyList<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }
}
