using Chaku.Kernels.Memory;

namespace Chaku.Model.Files;

/// <summary>A GGUF file (version 2 or 3): metadata, and tensors that are read where they lie.</summary>
/// <remarks>Source: the GGUF specification in ggml, <c>docs/gguf.md</c>.</remarks>
internal sealed class GgufFile : IDisposable
{
    private readonly MappedFile _map;
    private readonly Dictionary<string, GgufTensor> _byName;
    private byte[] _copied = [];

    /// <summary>Takes over a map whose header has been read.</summary>
    public GgufFile(MappedFile map, int version, Metadata metadata, int alignment, IReadOnlyList<GgufTensor> tensors)
    {
        _map = map;
        Version = version;
        Metadata = metadata;
        Alignment = alignment;
        Tensors = tensors;
        _byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>The path it was opened by.</summary>
    public string Path => _map.Path;

    /// <summary>Bytes in the file.</summary>
    public long Length => _map.Length;

    /// <summary>When the file was last written before it was opened.</summary>
    public DateTime LastWriteUtc => _map.LastWriteUtc;

    /// <summary>The format's version.</summary>
    public int Version { get; }

    /// <summary>The metadata, in the file's order.</summary>
    public Metadata Metadata { get; }

    /// <summary>Bytes that every tensor's place is a multiple of.</summary>
    public int Alignment { get; }

    /// <summary>The tensors, in the file's order.</summary>
    public IReadOnlyList<GgufTensor> Tensors { get; }

    /// <summary>The weights, for their hash.</summary>
    public ModelContent Content => ModelContent.Of(
        Path,
        [(Length, LastWriteUtc)],
        Tensors.Select(tensor => new ContentTensor(
            tensor.Name,
            tensor.Format.Name,
            tensor.Dimensions,
            tensor.ByteLength,
            (start, length) => Copy(tensor, start, length))));

    /// <summary>The tensor with this name.</summary>
    /// <exception cref="ModelFormatException">There is none.</exception>
    public GgufTensor this[string name] => Find(name)
        ?? throw new ModelFormatException(
            Path, Metadata.EndOffset, $"a tensor named {ModelFormatException.Quote(name)}", "none of that name");

    /// <summary>Opens a file and checks everything but the weights' values.</summary>
    /// <exception cref="ModelFormatException">It is no GGUF file of version 2 or 3, or a broken one.</exception>
    /// <exception cref="IOException">It is missing, a folder, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading is not permitted.</exception>
    public static GgufFile Open(string path)
    {
        MappedFile map = MappedFile.Open(path);
        try
        {
            return new GgufReader(map).Read();
        }
        catch
        {
            map.Dispose();
            throw;
        }
    }

    /// <summary>The tensor with this name; null where there is none.</summary>
    public GgufTensor? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>A tensor as [product of all other dimensions, innermost dimension], read where it lies.</summary>
    /// <exception cref="ModelFormatException">A side has more than 2³¹ − 1 weights, or a row more bytes.</exception>
    public WeightMatrix Matrix(GgufTensor tensor)
    {
        long columns = tensor.Dimensions[0];
        long rows = tensor.ElementCount / columns;
        if (rows > int.MaxValue || columns > int.MaxValue || tensor.ByteLength / rows > int.MaxValue)
        {
            throw new ModelFormatException(
                Path, tensor.Offset, $"a matrix with sides of at most {int.MaxValue} weights and bytes", $"{tensor}");
        }

        return _map.Matrix(tensor.Format, (int)rows, (int)columns, tensor.Offset);
    }

    /// <summary>A tensor of three dimensions as the matrices along its outermost, read where they lie.</summary>
    /// <exception cref="ModelFormatException">A side has more than 2³¹ − 1 weights, or a row more bytes.</exception>
    public IReadOnlyList<WeightMatrix> Matrices(GgufTensor tensor)
    {
        (long columns, long rows, long count) = (tensor.Dimensions[0], tensor.Dimensions[1], tensor.Dimensions[2]);
        if (count * rows > int.MaxValue || columns > int.MaxValue || tensor.Format.ByteLength(columns) > int.MaxValue)
        {
            throw new ModelFormatException(
                Path, tensor.Offset, $"matrices with sides of at most {int.MaxValue} weights and bytes", $"{tensor}");
        }

        WeightMatrix[] matrices = new WeightMatrix[count];
        for (int index = 0; index < matrices.Length; index++)
        {
            long start = tensor.Offset + (index * (tensor.ByteLength / count));
            matrices[index] = _map.Matrix(tensor.Format, (int)rows, (int)columns, start);
        }

        return matrices;
    }

    /// <summary>A tensor of one dimension as float32, copied.</summary>
    /// <exception cref="ModelFormatException">It has more dimensions than one, or more than 2³¹ − 1 bytes.</exception>
    public float[] Vector(GgufTensor tensor)
    {
        if (tensor.Dimensions.Skip(1).Any(length => length != 1)
            || tensor.ByteLength > Array.MaxLength || tensor.ElementCount > Array.MaxLength)
        {
            throw new ModelFormatException(Path, tensor.Offset, "a tensor of one dimension", $"{tensor}");
        }

        float[] weights = new float[tensor.ElementCount];
        tensor.Format.Dequantise(Bytes(tensor, 0, (int)tensor.ByteLength), weights);
        return weights;
    }

    /// <summary>Some of a tensor's bytes, valid while this object lives and is not disposed.</summary>
    /// <param name="tensor">An entry of <see cref="Tensors"/>.</param>
    /// <param name="start">Bytes from the tensor's first.</param>
    /// <param name="length">Bytes in the view.</param>
    /// <exception cref="ArgumentOutOfRangeException">The view leaves the tensor.</exception>
    public ReadOnlySpan<byte> Bytes(GgufTensor tensor, long start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, tensor.ByteLength - start);
        return _map.Span(tensor.Offset + start, length);
    }

    /// <summary>Copies some of a tensor's bytes past the map, whose pages stay as they are.</summary>
    /// <param name="tensor">An entry of <see cref="Tensors"/>.</param>
    /// <param name="start">Bytes from the tensor's first.</param>
    /// <param name="bytes">Receives them.</param>
    /// <exception cref="ArgumentOutOfRangeException">They leave the tensor.</exception>
    /// <exception cref="ModelFormatException">The file is no longer what was opened.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public void Read(GgufTensor tensor, long start, Span<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, tensor.ByteLength - start);
        _map.Read(tensor.Offset + start, bytes);
    }

    /// <summary>Writes all of a tensor's bytes.</summary>
    /// <param name="tensor">An entry of <see cref="Tensors"/>.</param>
    /// <param name="stream">Gets them.</param>
    /// <param name="written">Told how many were written, after each chunk; may be null.</param>
    public void CopyTo(GgufTensor tensor, Stream stream, Action<int>? written = null)
    {
        const int Chunk = 1 << 20;
        for (long start = 0; start < tensor.ByteLength; start += Chunk)
        {
            int length = (int)Math.Min(Chunk, tensor.ByteLength - start);
            stream.Write(Bytes(tensor, start, length));
            written?.Invoke(length);
        }
    }

    // A hash looks at each byte once: the map's pages would stay in memory beside the rest.
    private ReadOnlySpan<byte> Copy(GgufTensor tensor, long start, int length)
    {
        if (_copied.Length < length)
        {
            _copied = new byte[length];
        }

        Span<byte> bytes = _copied.AsSpan(0, length);
        Read(tensor, start, bytes);
        return bytes;
    }

    /// <summary>Unmaps the file; every view and matrix of it is dead from then on.</summary>
    public void Dispose() => _map.Dispose();
}
