using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;

namespace Chaku.Model.Files;

/// <summary>A safetensors file: named tensors that are read where they lie, and a few strings about them.</summary>
/// <remarks>Source: the format's description in the README of huggingface/safetensors.</remarks>
internal sealed class SafetensorsFile : IDisposable
{
    private readonly MappedFile _map;
    private readonly Dictionary<string, SafetensorsTensor> _byName;

    /// <summary>Takes over a map whose header has been read.</summary>
    public SafetensorsFile(
        MappedFile map, IReadOnlyDictionary<string, string> metadata, IReadOnlyList<SafetensorsTensor> tensors)
    {
        _map = map;
        Metadata = metadata;
        Tensors = tensors;
        _byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>The path it was opened by.</summary>
    public string Path => _map.Path;

    /// <summary>The strings of <c>__metadata__</c>; empty where there are none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensors, in the order of the header.</summary>
    public IReadOnlyList<SafetensorsTensor> Tensors { get; }

    /// <summary>The tensor with this name.</summary>
    /// <exception cref="ModelFormatException">There is none.</exception>
    public SafetensorsTensor this[string name] => Find(name)
        ?? throw new ModelFormatException(
            Path, sizeof(ulong), $"a tensor named {ModelFormatException.Quote(name)}", "none of that name");

    /// <summary>Opens a file and checks everything but the weights' values.</summary>
    /// <exception cref="ModelFormatException">It is no safetensors file, or a broken one.</exception>
    /// <exception cref="IOException">It is missing, a folder, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading is not permitted.</exception>
    public static SafetensorsFile Open(string path)
    {
        MappedFile map = MappedFile.Open(path);
        try
        {
            return SafetensorsReader.Read(map);
        }
        catch
        {
            map.Dispose();
            throw;
        }
    }

    /// <summary>The tensor with this name; null where there is none.</summary>
    public SafetensorsTensor? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>A tensor as [outermost dimension, product of the others], read where it lies.</summary>
    /// <exception cref="ModelFormatException">
    /// Its elements are of a type that is not read, it has no rows, or a side is longer than 2³¹ − 1.
    /// </exception>
    public WeightMatrix Matrix(SafetensorsTensor tensor)
    {
        TensorFormat format = FormatOf(tensor);
        long rows = tensor.Shape.Count < 2 ? 1 : tensor.Shape[0];
        long columns = rows == 0 ? 0 : tensor.ElementCount / rows;
        if (rows is < 1 or > int.MaxValue || columns < 1 || format.ByteLength(columns) > int.MaxValue)
        {
            throw new ModelFormatException(
                Path, tensor.Offset, $"a matrix with sides of 1 to {int.MaxValue} weights and bytes", $"{tensor}");
        }

        return _map.Matrix(format, (int)rows, (int)columns, tensor.Offset);
    }

    /// <summary>A tensor of any shape as float32, copied in the file's order.</summary>
    /// <exception cref="ModelFormatException">Its elements are of a type that is not read, or over 2 GiB.</exception>
    public float[] Singles(SafetensorsTensor tensor)
    {
        TensorFormat format = FormatOf(tensor);
        if (tensor.ByteLength > Array.MaxLength)
        {
            throw new ModelFormatException(
                Path,
                tensor.Offset,
                $"at most {Array.MaxLength} bytes to copy",
                $"{tensor} of {tensor.ByteLength} bytes");
        }

        float[] weights = new float[tensor.ElementCount];
        format.Dequantise(_map.Span(tensor.Offset, (int)tensor.ByteLength), weights);
        return weights;
    }

    /// <summary>Unmaps the file; every view and matrix of it is dead from then on.</summary>
    public void Dispose() => _map.Dispose();

    private TensorFormat FormatOf(SafetensorsTensor tensor) => SafetensorsReader.FormatOf(tensor.DataType)
        ?? throw new ModelFormatException(
            Path, tensor.Offset, $"elements of type {string.Join(", ", SafetensorsReader.ReadableTypes)}", $"{tensor}");
}
