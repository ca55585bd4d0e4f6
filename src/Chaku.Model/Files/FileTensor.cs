using Chaku.Kernels.Formats;

namespace Chaku.Model.Files;

/// <summary>A tensor of a file of weights: where it lies and how.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="DataType">The type of its elements, as safetensors spells it: <c>BF16</c>.</param>
/// <param name="Shape">Its lengths, the outermost first; none for a single number.</param>
/// <param name="Offset">The first element's first byte, from the file's start.</param>
/// <param name="ByteLength">Bytes in all.</param>
/// <param name="ElementCount">Elements in all.</param>
internal sealed record FileTensor(
    string Name, string DataType, IReadOnlyList<long> Shape, long Offset, long ByteLength, long ElementCount)
{
    /// <summary>How its elements are stored; null where they cannot be read as weights.</summary>
    public TensorFormat? Format => ElementTypes.FormatOf(DataType);

    /// <summary>
    /// Elements from one step along a dimension to the next, the outermost first; null where the elements lie one
    /// after the other.
    /// </summary>
    public IReadOnlyList<long>? Strides { get; init; }

    /// <summary>The name and the shape, fit for a message.</summary>
    public override string ToString() =>
        $"{ModelFormatException.Quote(Name)} {ModelFormatException.Quote(DataType)} [{string.Join(", ", Shape)}]";
}
