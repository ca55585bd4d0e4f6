using Chaku.Kernels.Formats;

namespace Chaku.Model.Files;

/// <summary>An entry of a GGUF file's tensor table.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Format">How its weights are stored.</param>
/// <param name="Dimensions">One to four lengths, the innermost first: a matrix [out, in] has [in, out] here.</param>
/// <param name="Offset">The first byte, from the file's start.</param>
/// <param name="ByteLength">Bytes in all.</param>
/// <param name="ElementCount">Weights in all.</param>
internal sealed record GgufTensor(
    string Name, TensorFormat Format, IReadOnlyList<long> Dimensions, long Offset, long ByteLength, long ElementCount)
{
    /// <summary>The name and the shape, fit for a message.</summary>
    public override string ToString() =>
        $"{ModelFormatException.Quote(Name)} {Format} [{string.Join(", ", Dimensions)}]";
}
