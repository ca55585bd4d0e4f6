using System.Buffers;
using System.Text;

namespace Chaku.Model.Files;

/// <summary>Writes GGUF files of the newest version.</summary>
internal static class GgufWriter
{
    /// <summary>Writes a file whole or not at all.</summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="metadata">Written in its order; its alignment key, where it has one, places the tensors.</param>
    /// <param name="tensors">Written in this order; each is asked for its bytes once.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="ArgumentException">Two tensors have one name, or a shape is none that GGUF has.</exception>
    public static void Write(string path, Metadata metadata, IReadOnlyList<TensorSource> tensors)
    {
        Action<Stream> write = Content(metadata, tensors);
        AtomicFile.Write(path, write);
    }

    /// <summary>What writes a file's content to a stream at its start.</summary>
    /// <param name="metadata">Written in its order; its alignment key, where it has one, places the tensors.</param>
    /// <param name="tensors">Written in this order; each is asked for its bytes once.</param>
    /// <exception cref="ArgumentException">Two tensors have one name, or a shape is none that GGUF has.</exception>
    public static Action<Stream> Content(Metadata metadata, IReadOnlyList<TensorSource> tensors)
    {
        TensorSource.CheckNames(tensors);
        int alignment = GgufReader.AlignmentOf(metadata);
        byte[] header = Header(metadata, tensors, alignment);
        return stream =>
        {
            stream.Write(header);
            foreach (TensorSource tensor in tensors)
            {
                Pad(stream, alignment);
                tensor.WriteTo(stream);
            }

            Pad(stream, alignment);
        };
    }

    private static byte[] Header(Metadata metadata, IReadOnlyList<TensorSource> tensors, int alignment)
    {
        ArrayBufferWriter<byte> output = new();
        Put(output, GgufReader.Magic);
        Put(output, (uint)GgufReader.NewestVersion);
        Put(output, (ulong)tensors.Count);
        Put(output, (ulong)metadata.Count);
        foreach (MetadataValue value in metadata)
        {
            PutString(output, Encoding.UTF8.GetBytes(value.Key));
            Put(output, (uint)value.Type);
            PutValue(output, value.Type, value.Content);
        }

        long place = 0;
        foreach (TensorSource tensor in tensors)
        {
            PutTensor(output, tensor, place);
            place = GgufReader.Align(checked(place + tensor.ByteLength), alignment);
        }

        return output.WrittenSpan.ToArray();
    }

    private static void PutTensor(ArrayBufferWriter<byte> output, TensorSource tensor, long place)
    {
        IReadOnlyList<long> dimensions = tensor.Dimensions;
        if (tensor.Format is not { } format
            || dimensions.Count is < 1 or > GgufTensorTable.MaximumDimensions || dimensions.Any(length => length < 1)
            || dimensions[0] % format.BlockLength != 0)
        {
            throw new ArgumentException(
                $"tensor {ModelFormatException.Quote(tensor.Name)}: GGUF stores 1 to "
                + $"{GgufTensorTable.MaximumDimensions} dimensions in rows of whole {tensor.Format} blocks, "
                + $"not [{string.Join(", ", dimensions)}]",
                nameof(tensor));
        }

        PutString(output, Encoding.UTF8.GetBytes(tensor.Name));
        Put(output, (uint)dimensions.Count);
        foreach (long length in dimensions)
        {
            Put(output, (ulong)length);
        }

        Put(output, (uint)format.GgmlType);
        Put(output, (ulong)place);
    }

    private static void PutValue(ArrayBufferWriter<byte> output, GgufValueType type, object content)
    {
        switch (content)
        {
            case byte[] text when type == GgufValueType.String:
                PutString(output, text);
                break;
            case GgufArray array:
                PutArray(output, array);
                break;
            default:
                GgufScalar.Find(type)!.Write(content, output);
                break;
        }
    }

    private static void PutArray(ArrayBufferWriter<byte> output, GgufArray array)
    {
        Put(output, (uint)array.ElementType);
        Put(output, (ulong)array.Items.Length);
        if (GgufScalar.Find(array.ElementType) is { } scalar)
        {
            scalar.WriteArray(array.Items, output);
            return;
        }

        foreach (object item in array.Items)
        {
            PutValue(output, array.ElementType, item);
        }
    }

    private static void PutString(ArrayBufferWriter<byte> output, byte[] text)
    {
        Put(output, (ulong)text.Length);
        output.Write(text);
    }

    private static void Put<T>(ArrayBufferWriter<byte> output, T value)
        where T : unmanaged => GgufScalar.Find(typeof(T))!.Write(value, output);

    private static void Pad(Stream stream, int alignment) =>
        stream.Write(new byte[GgufReader.Align(stream.Position, alignment) - stream.Position]);
}
