using Chaku.Kernels.Formats;
using Chaku.Kernels.Threading;
using Chaku.Model.Decoding;
using Chaku.Model.Families;
using Chaku.Model.Files;

namespace Chaku.Model.Conversion;

/// <summary>Makes a GGUF file of a Hugging Face folder.</summary>
/// <remarks>
/// Source: names, types and keys are those of llama.cpp's <c>convert_hf_to_gguf.py</c> and <c>gguf/constants.py</c>.
/// </remarks>
internal sealed class GgufConversion
{
    private const string What = "a GGUF file";

    // Matrices that other software reads as float32 alone.
    private static readonly string[] SingleModules = ["position_embd", "ffn_gate_inp"];

    private readonly HuggingFaceSource _source;
    private readonly ConversionOptions _options;
    private readonly DecoderConfig _config;
    private readonly List<string> _remarks = [];

    private GgufConversion(HuggingFaceSource source, ConversionOptions options)
    {
        _source = source;
        _options = options;
        _config = source.ReadConfig();
    }

    /// <summary>Converts.</summary>
    /// <inheritdoc cref="ModelConversion.Run"/>
    public static ConversionResult Run(ConversionOptions options)
    {
        using HuggingFaceSource source = HuggingFaceSource.Open(options.Source, leavesTransposed: true);
        return new GgufConversion(source, options).Run();
    }

    private ConversionResult Run()
    {
        IReadOnlyList<RecordedWeight> weights = _source.RecordWeights(_config);
        IReadOnlyList<(string Name, IReadOnlyList<float> Divisors)> divisors =
            _config.Position is RotaryConfig rotary ? RotaryWriter.Tensors(rotary) : [];
        using ComputePool pool = new(_options.ThreadCount);
        ConversionWork work = _options.WorkOn(pool);
        TensorSource[] tensors =
        [
            .. weights.Select(weight => Tensor(work, weight)),
            .. divisors.Select(vector => work.Vector(vector.Name, vector.Divisors)),
        ];
        Metadata metadata = WriteMetadata(tensors);
        PlannedWeights planned = new(weights.ToDictionary(weight => weight.Name, weight => weight.Rows), divisors);
        ModelConversion.RequireSame(
            _source.Path,
            What,
            _config,
            _source.Family,
            new ModelSettings(metadata, new GgufDialect(_source.Family.Architectures[0])),
            planned);
        GgufTokenizer.AddTo(
            metadata, _source.Text, _source.Family.Architectures[0], _source.PaddingId, _remarks);
        _options.OriginOf(_source).AddTo(metadata);
        GgufWriter.Write(_options.Target, metadata, tensors);
        return new ConversionResult(
            _options.Target, tensors.Sum(tensor => tensor.ByteLength), tensors.Length, _remarks);
    }

    private TensorSource Tensor(ConversionWork work, RecordedWeight weight)
    {
        int rows = weight.Vector is null ? weight.Rows : weight.Columns;
        int[]? order = ModelConversion.RowOrder(_source.Family, _config, weight.Name, rows, toGguf: true);
        if (weight.Vector is { } vector)
        {
            return work.Vector(weight.Name, ModelConversion.Ordered(vector, order));
        }

        long[] dimensions = weight.IsExperts
            ? [weight.Columns, weight.Rows, weight.Matrices.Count]
            : [weight.Columns, weight.Rows];
        bool isTransposed = _source.Family.HuggingFaceName(_config, weight.Name).Storage == StoredAs.Transposed;
        return work.Matrices(
            weight.Name, dimensions, FormatOf(weight), weight.Matrices, order, isTransposed);
    }

    private TensorFormat FormatOf(RecordedWeight weight)
    {
        string module = weight.Name[..weight.Name.LastIndexOf('.')];
        bool isSingle = SingleModules.Any(name => module.EndsWith(name, StringComparison.Ordinal));
        return isSingle ? TensorFormats.F32 : _options.Type ?? weight.Matrices[0].Format;
    }

    private Metadata WriteMetadata(TensorSource[] tensors)
    {
        ModelFamily family = _source.Family;
        Metadata metadata = new(_options.Target);
        metadata.Add(ModelFamilies.ArchitectureKey, family.Architectures[0]);
        metadata.Add("general.type", "model");
        metadata.Add("general.name", _source.Name ?? PathText.NameOf(_options.Source));
        metadata.Add(GgufKeys.FileType, QuantMixes.Find(ModelConversion.MainFormat(tensors).Name)!.FileType);
        metadata.Add(GgufKeys.QuantisationVersion, GgufKeys.NewestQuantisation);
        family.Write(new SettingsWriter(metadata, family, isHuggingFace: false, _source.Settings), _config);
        return metadata;
    }
}
