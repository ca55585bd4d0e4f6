using System.Runtime.InteropServices;
using Chaku.Kernels.Formats;

namespace Chaku.Model.Files;

/// <summary>A tensor to be written.</summary>
/// <param name="Name">Its name; no other tensor of the file has it.</param>
/// <param name="Format">How its weights are stored; null for bytes that are no weights, which GGUF has not.</param>
/// <param name="Dimensions">
/// Its lengths in the order of the file: GGUF innermost first, safetensors outermost first.
/// </param>
/// <param name="Write">Writes <see cref="ByteLength"/> bytes.</param>
internal sealed record TensorSource(
    string Name, TensorFormat? Format, IReadOnlyList<long> Dimensions, Action<Stream> Write)
{
    /// <summary>The type of its elements, as safetensors spells it.</summary>
    public string DataType => Format?.Name ?? "U8";

    /// <summary>Bytes in all.</summary>
    public long ByteLength
    {
        get
        {
            long count = Dimensions.Aggregate(1L, (product, length) => checked(product * length));
            return Format?.ByteLength(count) ?? count;
        }
    }

    /// <summary>A tensor from bytes as they lie in the file.</summary>
    public static TensorSource FromBytes(
        string name, TensorFormat format, IReadOnlyList<long> dimensions, ReadOnlyMemory<byte> bytes) =>
        new(name, format, dimensions, stream => stream.Write(bytes.Span));

    /// <summary>A tensor of float32.</summary>
    public static TensorSource FromSingles(
        string name, IReadOnlyList<long> dimensions, ReadOnlyMemory<float> weights) =>
        new(name, TensorFormats.F32, dimensions, stream => stream.Write(MemoryMarshal.AsBytes(weights.Span)));

    /// <summary>Writes the bytes and checks how many they were.</summary>
    /// <exception cref="InvalidDataException">They were too many or too few.</exception>
    public void WriteTo(Stream stream)
    {
        long start = stream.Position;
        Write(stream);
        if (stream.Position - start != ByteLength)
        {
            throw new InvalidDataException(
                $"tensor {ModelFormatException.Quote(Name)} takes {ByteLength} bytes, got {stream.Position - start}");
        }
    }

    /// <summary>Checks that every name is there once.</summary>
    /// <exception cref="ArgumentException">One is there twice.</exception>
    public static void CheckNames(IEnumerable<TensorSource> tensors)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (TensorSource tensor in tensors)
        {
            if (!names.Add(tensor.Name))
            {
                throw new ArgumentException(
                    $"two tensors are named {ModelFormatException.Quote(tensor.Name)}", nameof(tensors));
            }
        }
    }
}
