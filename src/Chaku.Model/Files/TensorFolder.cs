using Chaku.Kernels.Memory;

namespace Chaku.Model.Files;

/// <summary>A folder whose tensors are in one file or in several that an index names.</summary>
internal sealed class TensorFolder : IDisposable
{
    /// <summary>What stands behind a file's name in that of the index of its shards.</summary>
    public const string IndexSuffix = ".index.json";


    private readonly List<TensorFile> _files = [];
    private readonly Dictionary<string, TensorFile> _owners = new(StringComparer.Ordinal);

    private readonly string _source;

    private TensorFolder(string path)
    {
        _source = FindSource(path);
    }

    /// <summary>The names of the files, in the order in which Hugging Face's transformers look for them.</summary>
    public static IReadOnlyList<string> WeightsNames { get; } = ["model.safetensors", "pytorch_model.bin"];

    /// <summary>The files, in ordinal order of their names.</summary>
    public IReadOnlyList<TensorFile> Files => _files;

    /// <summary>The tensors of all files, in the files' order.</summary>
    public IEnumerable<FileTensor> Tensors => _files.SelectMany(file => file.Tensors);

    /// <summary>The weights, for their hash.</summary>
    public ModelContent Content => ModelContent.Of(
        Path.GetDirectoryName(_source)!,
        [.. _files.Select(file => (file.Length, file.LastWriteUtc))],
        Tensors.Select(tensor => new ContentTensor(
            tensor.Name,
            tensor.DataType,
            [.. tensor.Shape.Reverse()],
            tensor.ByteLength,
            (start, length) => Bytes(tensor.Name, start, length))));

    /// <summary>Opens the files of a folder.</summary>
    /// <exception cref="ModelFormatException">A file is broken, or the index and the files disagree.</exception>
    /// <exception cref="IOException">The folder has neither file nor index, or one cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading is not permitted.</exception>
    public static TensorFolder Open(string path)
    {
        TensorFolder folder = new(path);
        try
        {
            if (folder._source.EndsWith(IndexSuffix, StringComparison.Ordinal))
            {
                folder.AddShards(path, folder._source);
            }
            else
            {
                folder.Add(TensorFile.Open(folder._source));
            }

            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>The tensor with this name; null where no file has one.</summary>
    public FileTensor? Find(string name) => _owners.GetValueOrDefault(name)?.Find(name);

    /// <summary>The file that has this tensor; null where none has.</summary>
    public TensorFile? FindFile(string name) => _owners.GetValueOrDefault(name);

    /// <summary>The tensor as <see cref="TensorFile.Matrix"/> gives it.</summary>
    /// <exception cref="ModelFormatException">No file has it, or it is no matrix that can be read.</exception>
    public WeightMatrix Matrix(string name)
    {
        TensorFile file = FileOf(name);
        return file.Matrix(file[name]);
    }

    /// <summary>The tensor as <see cref="TensorFile.Singles"/> gives it.</summary>
    /// <exception cref="ModelFormatException">No file has it, or it cannot be read.</exception>
    public float[] Singles(string name)
    {
        TensorFile file = FileOf(name);
        return file.Singles(file[name]);
    }

    /// <summary>Some of the tensor's bytes as <see cref="TensorFile.Bytes"/> gives them.</summary>
    /// <exception cref="ModelFormatException">No file has it.</exception>
    public ReadOnlySpan<byte> Bytes(string name, long start, int length)
    {
        TensorFile file = FileOf(name);
        return file.Bytes(file[name], start, length);
    }

    /// <summary>Unmaps the files; every view and matrix of them is dead from then on.</summary>
    public void Dispose() => _files.ForEach(file => file.Dispose());

    private TensorFile FileOf(string name) => FindFile(name) ?? throw new ModelFormatException(
        _source, 0, $"a tensor named {ModelFormatException.Quote(name)}", "none of that name");

    private static string FindSource(string path) =>
        WeightsNames.SelectMany(name => new[] { name, name + IndexSuffix })
            .Select(name => Path.Combine(path, name))
            .FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException(
                $"{path} has neither {string.Join(" nor ", WeightsNames)}, nor an index of shards (*{IndexSuffix})");

    private void AddShards(string path, string index)
    {
        Dictionary<string, string> map = TensorIndex.Read(index);
        foreach (string name in map.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            Add(TensorFile.Open(Path.Combine(path, name)));
        }

        foreach ((string tensor, string name) in map)
        {
            if (FindFile(tensor) is not { } file || Path.GetFileName(file.Path) != name)
            {
                throw new ModelFormatException(
                    index,
                    0,
                    $"tensor {ModelFormatException.Quote(tensor)} in {ModelFormatException.Quote(name)}",
                    "none");
            }
        }

        if (Tensors.FirstOrDefault(tensor => !map.ContainsKey(tensor.Name)) is { } extra)
        {
            throw new ModelFormatException(
                _owners[extra.Name].Path,
                extra.Offset,
                $"no tensors but those of {Path.GetFileName(index)}",
                ModelFormatException.Quote(extra.Name));
        }
    }

    private void Add(TensorFile file)
    {
        _files.Add(file);
        foreach (FileTensor tensor in file.Tensors)
        {
            if (!_owners.TryAdd(tensor.Name, file))
            {
                throw new ModelFormatException(
                    file.Path, tensor.Offset, "every tensor in one file of the folder", $"{tensor} again");
            }
        }
    }
}
