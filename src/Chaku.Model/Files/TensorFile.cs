using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;

namespace Chaku.Model.Files;

/// <summary>
/// A file of named tensors, which are read where they lie: safetensors, or a checkpoint of PyTorch.
/// </summary>
internal sealed class TensorFile : IDisposable
{
    // A stranger's file decides neither what is run nor how: the name says which reader looks at it.
    private static readonly string[] PyTorchExtensions = [".bin", ".pt", ".pth"];

    private readonly MappedFile _map;
    private readonly Dictionary<string, FileTensor> _byName;

    /// <summary>Takes over a map whose tensors' places have been checked.</summary>
    public TensorFile(
        MappedFile map, IReadOnlyDictionary<string, string> metadata, IReadOnlyList<FileTensor> tensors)
    {
        _map = map;
        Metadata = metadata;
        Tensors = tensors;
        _byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>The path it was opened by.</summary>
    public string Path => _map.Path;

    /// <summary>Bytes in the file.</summary>
    public long Length => _map.Length;

    /// <summary>When the file was last written before it was opened.</summary>
    public DateTime LastWriteUtc => _map.LastWriteUtc;

    /// <summary>The strings of a safetensors file's <c>__metadata__</c>; empty where there are none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensors, in the order of the file.</summary>
    public IReadOnlyList<FileTensor> Tensors { get; }

    /// <summary>The tensors, for their hash.</summary>
    public ModelContent Content => ModelContent.Of(
        Path,
        [(Length, LastWriteUtc)],
        Tensors.Select(tensor => new ContentTensor(
            tensor.Name,
            tensor.DataType,
            [.. tensor.Shape.Reverse()],
            tensor.ByteLength,
            (start, length) => Bytes(tensor, start, length))));

    /// <summary>The tensor with this name.</summary>
    /// <exception cref="ModelFormatException">There is none.</exception>
    public FileTensor this[string name] => Find(name)
        ?? throw new ModelFormatException(
            Path, 0, $"a tensor named {ModelFormatException.Quote(name)}", "none of that name");

    /// <summary>Opens a file and checks everything but the weights' values.</summary>
    /// <exception cref="ModelFormatException">It is broken, or asks for what is not read.</exception>
    /// <exception cref="IOException">It is missing, a folder, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading is not permitted.</exception>
    public static TensorFile Open(string path)
    {
        MappedFile map = MappedFile.Open(path);
        try
        {
            return PyTorchExtensions.Contains(System.IO.Path.GetExtension(path), StringComparer.OrdinalIgnoreCase)
                ? PyTorchReader.Read(map)
                : SafetensorsReader.Read(map);
        }
        catch
        {
            map.Dispose();
            throw;
        }
    }

    /// <summary>The tensor with this name; null where there is none.</summary>
    public FileTensor? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>
    /// A tensor as [outermost dimension, product of the others], read where it lies; copied only where its elements
    /// do not lie one after the other.
    /// </summary>
    /// <exception cref="ModelFormatException">
    /// Its elements are of a type that is not read, it has no rows, or it is too long.
    /// </exception>
    public WeightMatrix Matrix(FileTensor tensor)
    {
        TensorFormat format = FormatOf(tensor);
        long rows = tensor.Shape.Count < 2 ? 1 : tensor.Shape[0];
        long columns = rows == 0 ? 0 : tensor.ElementCount / rows;
        if (rows is < 1 or > int.MaxValue || columns < 1 || format.ByteLength(columns) > int.MaxValue)
        {
            throw new ModelFormatException(
                Path, tensor.Offset, $"a matrix with sides of 1 to {int.MaxValue} weights and bytes", $"{tensor}");
        }

        return tensor.Strides is null
            ? _map.Matrix(format, (int)rows, (int)columns, tensor.Offset)
            : WeightMatrix.FromBytes(format, AllBytes(tensor), (int)rows, (int)columns);
    }

    /// <summary>A tensor of any shape as float32, copied in the order of its shape.</summary>
    /// <exception cref="ModelFormatException">Its elements are of a type that is not read, or over 2 GiB.</exception>
    public float[] Singles(FileTensor tensor)
    {
        TensorFormat format = FormatOf(tensor);
        ReadOnlySpan<byte> bytes = AllBytes(tensor);
        float[] weights = new float[tensor.ElementCount];
        format.Dequantise(bytes, weights);
        return weights;
    }

    /// <summary>
    /// Some of a tensor's bytes, in the order of its shape: a view where they lie so, else a copy.
    /// </summary>
    /// <param name="tensor">A tensor of this file.</param>
    /// <param name="start">Bytes from the tensor's first; the start of an element.</param>
    /// <param name="length">Bytes of whole elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">They leave the tensor.</exception>
    public ReadOnlySpan<byte> Bytes(FileTensor tensor, long start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, tensor.ByteLength - start);
        if (tensor.Strides is null)
        {
            return _map.Span(tensor.Offset + start, length);
        }

        int elementByteLength = ElementTypes.ByteLength(tensor.DataType);
        ArgumentOutOfRangeException.ThrowIfNotEqual(start % elementByteLength, 0, nameof(start));
        ArgumentOutOfRangeException.ThrowIfNotEqual(length % elementByteLength, 0, nameof(length));
        byte[] bytes = new byte[length];
        StridedElements.Copy(_map, tensor, start / elementByteLength, bytes);
        return bytes;
    }

    /// <summary>Unmaps the file; every view and matrix of it is dead from then on.</summary>
    public void Dispose() => _map.Dispose();

    private ReadOnlySpan<byte> AllBytes(FileTensor tensor) => tensor.ByteLength <= Array.MaxLength
        ? Bytes(tensor, 0, (int)tensor.ByteLength)
        : throw new ModelFormatException(
            Path, tensor.Offset, $"at most {Array.MaxLength} bytes to copy", $"{tensor} of {tensor.ByteLength} bytes");

    private TensorFormat FormatOf(FileTensor tensor) => tensor.Format
        ?? throw new ModelFormatException(
            Path, tensor.Offset, $"elements of type {string.Join(", ", ElementTypes.Readable)}", $"{tensor}");
}
