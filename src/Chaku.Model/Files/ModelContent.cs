namespace Chaku.Model.Files;

/// <summary>A model's weights, for <see cref="ContentHash"/>, whatever files they lie in.</summary>
/// <param name="Path">The file or the folder.</param>
/// <param name="Version">Changes when a file does: sizes and times.</param>
/// <param name="LastWriteUtc">When the last of the files was last written before it was opened.</param>
/// <param name="Tensors">The tensors, in any order.</param>
internal sealed record ModelContent(
    string Path, string Version, DateTime LastWriteUtc, IReadOnlyList<ContentTensor> Tensors)
{
    /// <summary>The content of some files.</summary>
    /// <param name="path">The file or the folder.</param>
    /// <param name="files">Length and time of the last change of each file.</param>
    /// <param name="tensors">The tensors.</param>
    public static ModelContent Of(
        string path, IReadOnlyList<(long Length, DateTime LastWriteUtc)> files, IEnumerable<ContentTensor> tensors) =>
        new(
            path,
            string.Concat(files.Select(file =>
                FormattableString.Invariant($"{file.Length}\n{file.LastWriteUtc.Ticks}\n"))),
            files.Max(file => file.LastWriteUtc),
            [.. tensors]);
}

/// <summary>Some of a tensor's bytes.</summary>
/// <param name="start">Bytes from the tensor's first.</param>
/// <param name="length">Bytes in the view.</param>
internal delegate ReadOnlySpan<byte> TensorBytes(long start, int length);

/// <summary>A tensor whose content is hashed.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Format">How its weights are stored.</param>
/// <param name="Dimensions">Its lengths, the innermost first.</param>
/// <param name="ByteLength">Bytes in all.</param>
/// <param name="Bytes">Reads some of them.</param>
internal sealed record ContentTensor(
    string Name, string Format, IReadOnlyList<long> Dimensions, long ByteLength, TensorBytes Bytes);
