namespace Chaku.Model.Files;

/// <summary>An entry of a safetensors file's header.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="DataType">The type of its elements, in the file's spelling: <c>BF16</c>.</param>
/// <param name="Shape">Its lengths, the outermost first; none for a single number.</param>
/// <param name="Offset">The first byte, from the file's start.</param>
/// <param name="ByteLength">Bytes in all.</param>
/// <param name="ElementCount">Elements in all.</param>
internal sealed record SafetensorsTensor(
    string Name, string DataType, IReadOnlyList<long> Shape, long Offset, long ByteLength, long ElementCount)
{
    /// <summary>The name and the shape, fit for a message.</summary>
    public override string ToString() =>
        $"{ModelFormatException.Quote(Name)} {ModelFormatException.Quote(DataType)} [{string.Join(", ", Shape)}]";
}
