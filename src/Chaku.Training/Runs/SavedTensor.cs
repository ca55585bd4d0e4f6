using System.Runtime.InteropServices;
using Chaku.Kernels.Formats;
using Chaku.Model;
using Chaku.Model.Files;

namespace Chaku.Training.Runs;

/// <summary>A view of some elements as the bytes that they lie in.</summary>
/// <param name="start">The first element.</param>
/// <param name="count">How many.</param>
internal delegate Span<byte> ByteView(int start, int count);

/// <summary>Numbers of a run that a checkpoint keeps, and that are written back to where they lie.</summary>
/// <param name="Name">Its name; no other of the run has it.</param>
/// <param name="Format">float32, or null for bytes.</param>
/// <param name="Length">How many elements.</param>
/// <param name="View">Where they lie.</param>
internal sealed record SavedTensor(string Name, TensorFormat? Format, int Length, ByteView View)
{
    // Spans of bytes end at 2 GiB, tensors do not.
    private const int ChunkLength = 1 << 20;

    /// <summary>The same for a file to be written.</summary>
    public TensorSource Source => new(Name, Format, [Length], WriteTo);

    /// <summary>float32 that lie in an array.</summary>
    public static SavedTensor Of(string name, float[] values) => OfSingles(name, values.Length, () => values);

    /// <summary>Bytes that lie in an array.</summary>
    public static SavedTensor Of(string name, byte[] values) =>
        new(name, null, values.Length, (start, count) => values.AsSpan(start, count));

    /// <summary>float32 that lie anywhere.</summary>
    public static SavedTensor OfSingles(string name, int length, Func<Span<float>> values) =>
        new(name, TensorFormats.F32, length, (start, count) => MemoryMarshal.AsBytes(values().Slice(start, count)));

    /// <summary>The tensor of a file that has this one's name.</summary>
    /// <exception cref="ModelFormatException">There is none, or it has another type or length.</exception>
    public FileTensor FindIn(TensorFile file)
    {
        FileTensor tensor = file[Name];
        return tensor.DataType == Source.DataType && tensor.Shape is [long length] && length == Length
            ? tensor
            : throw new ModelFormatException(
                file.Path, tensor.Offset, $"{Source.DataType} [{Length}]", $"{tensor}");
    }

    /// <summary>Reads the numbers back.</summary>
    /// <exception cref="ModelFormatException">The file has none of that name, type and length.</exception>
    public void ReadFrom(TensorFile file)
    {
        FileTensor tensor = FindIn(file);
        long place = 0;
        for (int start = 0; start < Length; start += ChunkLength)
        {
            Span<byte> target = View(start, Math.Min(ChunkLength, Length - start));
            file.Bytes(tensor, place, target.Length).CopyTo(target);
            place += target.Length;
        }
    }

    private void WriteTo(Stream stream)
    {
        for (int start = 0; start < Length; start += ChunkLength)
        {
            stream.Write(View(start, Math.Min(ChunkLength, Length - start)));
        }
    }
}
