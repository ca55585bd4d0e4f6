using System.Globalization;
using Chaku.Kernels.Memory;
using Chaku.Model.Families;
using Chaku.Model.Files;
using Chaku.Model.Licenses;

namespace Chaku.Model.Adapters;

/// <summary>A GGUF file with an adapter, open.</summary>
internal sealed class GgufAdapter : AdapterSource
{
    // What else files of this kind hold, by a part of the tensors' names.
    private static readonly (string Part, string Meaning)[] Others =
    [
        ("_norm", "a norm's weights"),
        (".lora_magnitude", "a magnitude of DoRA"),
        (".bias", "a trained bias"),
        (".weight", "a module's own weights"),
    ];

    private readonly GgufFile _file;

    private GgufAdapter(GgufFile file)
    {
        _file = file;
        Require(GgufAdapterKeys.Type, GgufAdapterKeys.Adapter, "a GGUF file of an adapter");
        Require(GgufAdapterKeys.AdapterType, GgufAdapterKeys.Lora, "a LoRA adapter");
        float alpha = file.Metadata[GgufAdapterKeys.Alpha].AsSingle();
        Tensors = [.. file.Tensors.Select(Described)];
        Metadata = file.Metadata.ToDictionary(value => value.Key, Text, StringComparer.Ordinal);
        Origin = ReadOrigin();
        Pairs = ReadPairs(alpha);
        Unsupported = [.. UnsupportedKeys(), .. UnsupportedTensors()];
        if (Pairs.Count + Unsupported.Count == 0)
        {
            throw new AdapterException($"{file.Path} has no factors");
        }

        Settings = Pairs.Count > 0 ? Pairs[0].Settings : new LoraSettings(1, alpha).Checked();
    }

    /// <inheritdoc/>
    public override string Path => _file.Path;

    /// <inheritdoc/>
    public override AdapterContainer Container => new GgufAdapterContainer();

    /// <inheritdoc/>
    public override LoraSettings Settings { get; }

    /// <inheritdoc/>
    public override AdapterOrigin Origin { get; }

    /// <inheritdoc/>
    public override StatedLicense? License => StatedLicense.OfFields(
        Metadata.GetValueOrDefault(GgufKeys.License),
        Metadata.GetValueOrDefault(GgufKeys.LicenseName),
        Metadata.GetValueOrDefault(GgufKeys.LicenseLink),
        "the adapter's metadata");

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, string> Metadata { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<FileTensor> Tensors { get; }

    /// <inheritdoc/>
    public override ModelContent Content => _file.Content;

    /// <inheritdoc/>
    public override IReadOnlyList<FactorPair> Pairs { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> TargetModules =>
        [.. Pairs.Select(pair => pair.Module.Split('.') is [.., var kind, _] ? kind : pair.Module).Distinct()];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Unsupported { get; }

    /// <inheritdoc/>
    protected override string WeightsPath => Path;

    /// <summary>Whether a GGUF file says that it holds an adapter.</summary>
    public static bool IsIn(GgufFile file) =>
        file.Metadata.Find(GgufAdapterKeys.Type) is { Type: GgufValueType.String } type
        && type.AsString() == GgufAdapterKeys.Adapter;

    /// <summary>
    /// Opens a file and checks all that can be checked without a model, but the factors' values and whether it is
    /// <see cref="Unsupported"/>.
    /// </summary>
    /// <exception cref="AdapterException">It is no LoRA adapter, or an incomplete one.</exception>
    /// <exception cref="ModelFormatException">It is broken.</exception>
    /// <exception cref="IOException">It is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading is not permitted.</exception>
    public static new GgufAdapter Open(string path)
    {
        GgufFile file = GgufFile.Open(path);
        try
        {
            return new GgufAdapter(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _file.Dispose();

    /// <inheritdoc/>
    protected override AdaptableLinear? Find(AdaptableLinears linears, string module) => linears.FindTensor(module);

    /// <inheritdoc/>
    protected override int[] StoredRows(AdaptableLinears linears, AdaptableLinear linear) =>
        linears.StoredRowsOfGguf(linear);

    /// <inheritdoc/>
    protected override WeightMatrix Matrix(FileTensor tensor) => _file.Matrix(_file[tensor.Name]);

    /// <inheritdoc/>
    protected override void CheckModel(LanguageModel model)
    {
        string architecture = _file.Metadata[ModelFamilies.ArchitectureKey].AsString();
        IReadOnlyList<string> expected = model.Source.Family.Architectures;
        if (!expected.Contains(architecture))
        {
            throw new AdapterException(
                $"{Path} is made for the architecture {ModelFormatException.Quote(architecture)}, "
                + $"but {System.IO.Path.GetFileName(model.Path)} is {string.Join(" or ", expected)}");
        }
    }

    private static FileTensor Described(GgufTensor tensor) => new(
        tensor.Name,
        tensor.Format.Name,
        [.. tensor.Dimensions.Reverse()],
        tensor.Offset,
        tensor.ByteLength,
        tensor.ElementCount);

    private static string Text(MetadataValue value) => value switch
    {
        { Type: GgufValueType.String } => value.AsString(),
        { Content: GgufArray } => value.ToString(),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value.Content}"),
    };

    private static string? MatrixOf(string tensor) =>
        tensor.EndsWith(GgufAdapterKeys.PartA, StringComparison.Ordinal)
        || tensor.EndsWith(GgufAdapterKeys.PartB, StringComparison.Ordinal)
            ? tensor[..^GgufAdapterKeys.PartA.Length]
            : null;

    private void Require(string key, string expected, string what)
    {
        string? found = _file.Metadata.Find(key)?.AsString();
        if (found != expected)
        {
            string said = found is null ? "it does not say so" : $"its {key} is {ModelFormatException.Quote(found)}";
            throw new AdapterException($"{Path} is not {what}: {said}");
        }
    }

    private AdapterOrigin ReadOrigin()
    {
        Dictionary<string, string> own = new(StringComparer.Ordinal);
        foreach (MetadataValue value in _file.Metadata)
        {
            if (value.Key.StartsWith(GgufAdapterKeys.OwnPrefix, StringComparison.Ordinal))
            {
                own.Add(value.Key, value.AsString());
            }
        }

        return AdapterMetadata.Read(Path, own) with
        {
            BaseName = _file.Metadata.Find(GgufAdapterKeys.BaseName)?.AsString(),
        };
    }

    private List<FactorPair> ReadPairs(float alpha)
    {
        Dictionary<string, FileTensor> factors = Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        List<FactorPair> pairs = [];
        foreach (FileTensor tensor in Tensors)
        {
            if (MatrixOf(tensor.Name) is not { } matrix)
            {
                continue;
            }

            FileTensor? a = factors.GetValueOrDefault(matrix + GgufAdapterKeys.PartA);
            FileTensor? b = factors.GetValueOrDefault(matrix + GgufAdapterKeys.PartB);
            if (a is null || b is null)
            {
                throw Wrong(tensor, $"both factors of {ModelFormatException.Quote(matrix)}");
            }

            if (tensor == a && IsLinear(matrix, a, b))
            {
                pairs.Add(Checked(matrix, a, b, alpha));
            }
        }

        return pairs;
    }

    // llama.cpp has the factors of an embedding transposed, and those of experts in three dimensions.
    private static bool IsLinear(string matrix, FileTensor a, FileTensor b) =>
        matrix != DecoderWeightsReader.TokenEmbedding && Math.Max(a.Shape.Count, b.Shape.Count) <= 2;

    private FactorPair Checked(string matrix, FileTensor a, FileTensor b, float alpha)
    {
        if (a.Shape[0] > int.MaxValue)
        {
            throw Wrong(a, $"a rank of at most {int.MaxValue}");
        }

        LoraSettings settings = new LoraSettings((int)a.Shape[0], alpha).Checked();
        return CheckedShapes(new FactorPair(matrix, a, b, settings), "its other factor");
    }

    private IEnumerable<string> UnsupportedKeys() => _file.Metadata
        .Where(value => value.Key.StartsWith(GgufAdapterKeys.AdapterPrefix, StringComparison.Ordinal)
            && value.Key is not (GgufAdapterKeys.AdapterType or GgufAdapterKeys.Alpha))
        .Select(value => $"{Path} sets {ModelFormatException.Quote(value.Key)} to {value}, which is not supported");

    private IEnumerable<string> UnsupportedTensors()
    {
        HashSet<string> matrices = [.. Pairs.Select(pair => pair.Module)];
        return Tensors
            .Where(tensor => MatrixOf(tensor.Name) is not { } matrix || !matrices.Contains(matrix))
            .Select(tensor => $"{Path} has {tensor}, {Meaning(tensor)}, which is not supported");
    }

    private static string Meaning(FileTensor tensor) => MatrixOf(tensor.Name) switch
    {
        DecoderWeightsReader.TokenEmbedding => "a factor of a token embedding",
        not null => "factors of several matrices in one tensor",
        null => Others.FirstOrDefault(entry => tensor.Name.Contains(entry.Part, StringComparison.Ordinal)) is
        { Part: not null } found
            ? found.Meaning
            : "something unknown",
    };
}
