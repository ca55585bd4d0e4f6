using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;
using Chaku.Model.Files;

namespace Chaku.Model.Families;

/// <summary>The weights of a Hugging Face folder, by GGUF's names.</summary>
internal sealed class HuggingFaceWeights : WeightSource
{
    private readonly TensorFolder _folder;
    private readonly ModelFamily _family;
    private readonly Dictionary<string, List<ModuleNames>> _modules = new(StringComparer.Ordinal);
    private readonly HashSet<string> _taken = [];

    /// <summary>The weights of a folder of a family.</summary>
    public HuggingFaceWeights(TensorFolder folder, ModelFamily family)
    {
        _folder = folder;
        _family = family;
        foreach (ModuleNames names in family.Modules)
        {
            if (!_modules.TryAdd(names.Gguf, [names]))
            {
                _modules[names.Gguf].Add(names);
            }
        }
    }

    /// <summary>
    /// Whether a transposed matrix is given as it lies in the file, [in, out], to one who asks for it as [out, in].
    /// </summary>
    public bool LeavesTransposed { get; init; }

    /// <summary>Bytes of the weights that were copied because the file has them in another layout.</summary>
    public long CopiedByteLength { get; private set; }

    /// <inheritdoc/>
    public override bool Has(string name) => Find(name) is not null;

    /// <inheritdoc/>
    public override long? RowCount(string name) =>
        Find(name) is ({ Shape.Count: 2 } tensor, _) ? tensor.Shape[0] : null;

    /// <inheritdoc/>
    public override float[] Vector(string name, int length)
    {
        (FileTensor tensor, StoredAs storage) = Take(name, 0, [length]);
        float[] values = _folder.Singles(tensor.Name);
        if (storage == StoredAs.LessOne)
        {
            for (int i = 0; i < values.Length; i++)
            {
                values[i] += 1;
            }
        }

        return values;
    }

    /// <inheritdoc/>
    public override WeightMatrix Matrix(string name, int rows, int columns) => Matrix(name, 0, rows, columns);

    /// <inheritdoc/>
    public override IReadOnlyList<WeightMatrix> Experts(string name, int count, int rows, int columns) =>
        [.. Enumerable.Range(0, count).Select(expert => Matrix(name, expert, rows, columns))];

    /// <inheritdoc/>
    public override void Skip(string name)
    {
        if (Find(name) is var (tensor, _))
        {
            _taken.Add(tensor.Name);
        }
    }

    /// <inheritdoc/>
    public override void RequireAllTaken()
    {
        FileTensor? unused = _folder.Tensors.FirstOrDefault(tensor =>
            !_taken.Contains(tensor.Name)
            && !_family.HuggingFaceBuffers.Any(end => ("." + tensor.Name).EndsWith(end, StringComparison.Ordinal)));
        if (unused is not null)
        {
            throw new ModelFormatException(
                _folder.FindFile(unused.Name)!.Path,
                unused.Offset,
                "only tensors that this architecture's computation uses",
                $"{unused}");
        }
    }

    private WeightMatrix Matrix(string name, int expert, int rows, int columns)
    {
        bool isTransposed = Find(name, expert) is (_, StoredAs.Transposed);
        (FileTensor tensor, _) = Take(name, expert, isTransposed ? [columns, rows] : [rows, columns]);
        WeightMatrix matrix = _folder.Matrix(tensor.Name);
        if (!isTransposed || LeavesTransposed)
        {
            return matrix;
        }

        WeightMatrix copy = Transpose(matrix);
        CopiedByteLength += copy.ByteLength;
        return copy;
    }

    // Elements of every readable type are whole numbers of bytes.
    private static WeightMatrix Transpose(WeightMatrix matrix)
    {
        TensorFormat format = matrix.Format;
        int elementByteLength = format.BlockByteLength;
        byte[] bytes = new byte[matrix.ByteLength];
        int stride = matrix.Rows * elementByteLength;
        for (int row = 0; row < matrix.Rows; row++)
        {
            ReadOnlySpan<byte> source = matrix.Row(row);
            for (int column = 0; column < matrix.Columns; column++)
            {
                source.Slice(column * elementByteLength, elementByteLength)
                    .CopyTo(bytes.AsSpan((column * stride) + (row * elementByteLength)));
            }
        }

        return WeightMatrix.FromBytes(format, bytes, matrix.Columns, matrix.Rows);
    }

    private (FileTensor Tensor, StoredAs Storage) Take(string name, int expert, long[] shape)
    {
        if (Find(name, expert) is not var (tensor, storage))
        {
            string path = _folder.Files[0].Path;
            throw new ModelFormatException(path, 0, $"a tensor for {name}: {Candidates(name, expert)}", "none");
        }

        _taken.Add(tensor.Name);
        return tensor.Shape.SequenceEqual(shape)
            ? (tensor, storage)
            : throw new ModelFormatException(
                _folder.FindFile(tensor.Name)!.Path,
                tensor.Offset,
                $"{ModelFormatException.Quote(tensor.Name)} of shape [{string.Join(", ", shape)}]",
                $"{tensor}");
    }

    private (FileTensor Tensor, StoredAs Storage)? Find(string name, int expert = 0)
    {
        foreach ((string spelling, StoredAs storage) in Spellings(name, expert))
        {
            if (_folder.Find(spelling) is { } tensor)
            {
                return (tensor, storage);
            }
        }

        return null;
    }

    private string Candidates(string name, int expert) =>
        string.Join(" or ", Spellings(name, expert).Select(spelling => spelling.Name));

    private IEnumerable<(string Name, StoredAs Storage)> Spellings(string name, int expert)
    {
        (string module, string layer, string end) = ModuleNames.Parts(name);
        foreach (ModuleNames names in _modules.GetValueOrDefault(module, []))
        {
            string full = names.Fill(layer, expert) + end;
            yield return (full, names.Storage);
            if (_family.HuggingFacePrefix is { Length: > 0 } prefix
                && full.StartsWith(prefix, StringComparison.Ordinal))
            {
                yield return (full[prefix.Length..], names.Storage);
            }
        }
    }
}
