using Chaku.Kernels.Formats;

namespace Chaku.Model.Files;

/// <summary>Reads a GGUF file's tensor table, which follows the metadata.</summary>
/// <param name="map">The file.</param>
/// <param name="cursor">At the table's first entry.</param>
/// <param name="alignment">Where tensors may begin.</param>
internal sealed class GgufTensorTable(MappedFile map, FileCursor cursor, int alignment)
{
    /// <summary>The most dimensions that a tensor has.</summary>
    public const int MaximumDimensions = 4;

    /// <summary>Bytes of an entry with an empty name and one dimension.</summary>
    public const int LeastEntryByteLength = sizeof(ulong) + (2 * sizeof(uint)) + (2 * sizeof(ulong));

    /// <summary>Reads the table, and checks that its tensors are in the file and not in one another.</summary>
    /// <exception cref="ModelFormatException">It is broken, or a tensor's type is unknown.</exception>
    public List<GgufTensor> Read(int count)
    {
        if ((long)count * LeastEntryByteLength > cursor.Left)
        {
            throw cursor.Wrong($"a table of {count} tensors", $"{cursor.Left} bytes to the end of the file");
        }

        // Offsets count from the end of the table, which is known when the last entry has been read.
        List<(GgufTensor Tensor, long Place)> table = new(count);
        HashSet<string> names = new(StringComparer.Ordinal);
        for (int index = 0; index < count; index++)
        {
            long start = cursor.Position;
            (GgufTensor tensor, long place) = ReadTensor();
            if (!names.Add(tensor.Name))
            {
                throw cursor.WrongAt(
                    start, "every tensor name once", $"{ModelFormatException.Quote(tensor.Name)} again");
            }

            table.Add((tensor, place));
        }

        long dataStart = GgufReader.Align(cursor.Position, alignment);
        List<GgufTensor> tensors = table.ConvertAll(entry => Place(entry.Tensor, entry.Place, dataStart));
        CheckOverlaps(tensors);
        return tensors;
    }

    private (GgufTensor Tensor, long Place) ReadTensor()
    {
        string name = cursor.ReadName("a tensor name");
        string quoted = ModelFormatException.Quote(name);
        long start = cursor.Position;
        uint dimensionCount = cursor.Read<uint>("number of dimensions");
        if (dimensionCount is < 1 or > MaximumDimensions)
        {
            throw cursor.WrongAt(start, $"1 to {MaximumDimensions} dimensions of {quoted}", $"{dimensionCount}");
        }

        start = cursor.Position;
        ulong[] lengths = new ulong[dimensionCount];
        for (int index = 0; index < lengths.Length; index++)
        {
            lengths[index] = cursor.Read<ulong>("dimension");
        }

        string shape = $"[{string.Join(", ", lengths)}]";
        long elementCount = Product(lengths)
            ?? throw cursor.WrongAt(start, $"dimensions of {quoted} with a product of 1 to 2⁶³ − 1", shape);
        TensorFormat format = ReadFormat(quoted);
        if ((long)lengths[0] % format.BlockLength != 0)
        {
            throw cursor.WrongAt(
                start, $"rows of {quoted} in whole {format} blocks of {format.BlockLength} weights", shape);
        }

        start = cursor.Position;
        ulong place = cursor.Read<ulong>("tensor offset");
        if (place > long.MaxValue || (long)place % alignment != 0)
        {
            throw cursor.WrongAt(start, $"an offset of {quoted} that is a multiple of {alignment}", $"{place}");
        }

        long[] dimensions = Array.ConvertAll(lengths, length => (long)length);
        return (new GgufTensor(name, format, dimensions, start, ByteLength: 0, elementCount), (long)place);
    }

    private TensorFormat ReadFormat(string quotedName)
    {
        long start = cursor.Position;
        uint number = cursor.Read<uint>("tensor type");
        return TensorFormats.FromGgmlType(number)
            ?? throw cursor.WrongAt(start, $"a tensor type that is known for {quotedName}", $"type number {number}");
    }

    private GgufTensor Place(GgufTensor tensor, long place, long dataStart)
    {
        UInt128 byteLength = (UInt128)tensor.ElementCount / (UInt128)tensor.Format.BlockLength
            * (UInt128)tensor.Format.BlockByteLength;
        long left = Math.Max(0, map.Length - dataStart);
        return (UInt128)place + byteLength <= (UInt128)left
            ? tensor with { Offset = dataStart + place, ByteLength = (long)byteLength }
            : throw cursor.WrongAt(
                tensor.Offset,
                $"{byteLength} bytes of {tensor} within the {left} bytes of weights",
                $"offset {place}, which ends at {(UInt128)place + byteLength}");
    }

    private void CheckOverlaps(List<GgufTensor> tensors)
    {
        GgufTensor[] sorted = [.. tensors.OrderBy(tensor => tensor.Offset)];
        for (int index = 1; index < sorted.Length; index++)
        {
            GgufTensor before = sorted[index - 1];
            if (sorted[index].Offset < before.Offset + before.ByteLength)
            {
                throw cursor.WrongAt(
                    sorted[index].Offset, $"{sorted[index]} after the end of {before}", "an overlap of the two");
            }
        }
    }

    private static long? Product(ReadOnlySpan<ulong> lengths)
    {
        UInt128 product = 1;
        foreach (ulong length in lengths)
        {
            product *= length;
            if (product == 0 || product > long.MaxValue)
            {
                return null;
            }
        }

        return (long)product;
    }
}
