using Chaku.Kernels.Formats;
using Chaku.Kernels.Threading;
using Chaku.Model.Decoding;
using Chaku.Model.Families;
using Chaku.Model.Files;
using Chaku.Model.Tokenizers;

namespace Chaku.Model.Conversion;

/// <summary>Makes a Hugging Face folder of a GGUF file.</summary>
internal sealed class FolderConversion
{
    private const string What = "config.json";
    private const string CardName = "README.md";

    // What transformers calls the types of weights.
    private static readonly Dictionary<string, string> TypeNames = new(StringComparer.Ordinal)
    {
        ["F32"] = "float32",
        ["F16"] = "float16",
        ["BF16"] = "bfloat16",
    };

    private readonly GgufSource _source;
    private readonly ConversionOptions _options;
    private readonly DecoderConfig _config;
    private readonly List<string> _remarks = [];

    private FolderConversion(GgufSource source, ConversionOptions options)
    {
        _source = source;
        _options = options;
        _config = source.ReadConfig();
    }

    /// <summary>Converts.</summary>
    /// <inheritdoc cref="ModelConversion.Run"/>
    public static ConversionResult Run(ConversionOptions options)
    {
        using GgufSource source = GgufSource.Open(options.Source);
        return new FolderConversion(source, options).Run();
    }

    private ConversionResult Run()
    {
        IReadOnlyList<RecordedWeight> weights = _source.RecordWeights(_config);
        using ComputePool pool = new(_options.ThreadCount);
        ConversionWork work = _options.WorkOn(pool);
        TensorSource[] tensors = [.. weights.SelectMany(weight => Tensors(work, weight))];
        SayWhatWasQuantised(weights);
        Metadata config = WriteConfig(tensors);
        ModelConversion.RequireSame(
            _source.Path,
            What,
            _config,
            _source.Family,
            new ModelSettings(config, new HuggingFaceDialect()),
            new PlannedWeights(weights.ToDictionary(weight => weight.Name, weight => weight.Rows), []));
        Tokenizer? tokenizer = FindTokenizer();
        AddMarks(config, tokenizer?.Vocabulary);
        FileOrigin origin = _options.OriginOf(_source);
        byte[] json = HuggingFaceConfigWriter.ToJson(config);
        string card = FolderCard.Of(
            origin, PathText.NameOf(_options.Target), $"{origin.Sources[0].Name}, converted from GGUF.");
        IReadOnlyList<(string, Action<Stream>)> files =
        [
            .. WeightFiles.Of(tensors, origin, _options.ShardByteLength),
            (HuggingFaceConfig.FileName, stream => stream.Write(json)),
            .. tokenizer is null
                ? []
                : TokenizerFiles.Of(tokenizer, _source.Family, Templates(), _config.ContextLength, _remarks),
            (CardName, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(card))),
        ];
        FolderFiles.Write(_options.Target, files);
        return new ConversionResult(
            _options.Target, tensors.Sum(tensor => tensor.ByteLength), tensors.Length, _remarks);
    }

    private IEnumerable<TensorSource> Tensors(ConversionWork work, RecordedWeight weight)
    {
        int rows = weight.Vector is null ? weight.Rows : weight.Columns;
        int[]? order = ModelConversion.RowOrder(_source.Family, _config, weight.Name, rows, toGguf: false);
        if (weight.Vector is { } vector)
        {
            (string name, StoredAs storage) = _source.Family.HuggingFaceName(_config, weight.Name);
            float[] values = ModelConversion.Ordered(vector, order);
            yield return work.Vector(
                name, storage == StoredAs.LessOne ? Array.ConvertAll(values, value => value - 1) : values);
            yield break;
        }

        for (int expert = 0; expert < weight.Matrices.Count; expert++)
        {
            (string name, StoredAs storage) = _source.Family.HuggingFaceName(_config, weight.Name, expert);
            bool isTransposed = storage == StoredAs.Transposed;
            yield return work.Matrices(
                name,
                isTransposed ? [weight.Columns, weight.Rows] : [weight.Rows, weight.Columns],
                FormatOf(weight.Matrices[expert].Format),
                [weight.Matrices[expert]],
                order,
                isTransposed);
        }
    }

    private TensorFormat FormatOf(TensorFormat stored) =>
        _options.Type ?? (stored.BlockLength == 1 ? stored : TensorFormats.FromName("F16")!);

    private void SayWhatWasQuantised(IReadOnlyList<RecordedWeight> weights)
    {
        string[] formats =
        [
            .. weights.SelectMany(weight => weight.Matrices.Select(matrix => matrix.Format))
                .Where(format => format.BlockLength > 1)
                .Select(format => format.Name)
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
        if (formats.Length > 0)
        {
            _remarks.Add(
                $"a folder has no quantised types: {string.Join(", ", formats)} became "
                + $"{_options.Type ?? TensorFormats.FromName("F16")}, with what quantisation had lost still lost");
        }
    }

    private Metadata WriteConfig(TensorSource[] tensors)
    {
        ModelFamily family = _source.Family;
        HuggingFaceClass named = family.ClassOf(_config);
        Metadata config = new(_options.Target);
        config.Add("architectures", (string[])[named.Architecture]);
        config.Add("model_type", named.ModelType);
        config.Add("torch_dtype", TypeNames[ModelConversion.MainFormat(tensors).Name]);
        family.Write(new SettingsWriter(config, family, isHuggingFace: true, _source.Settings), _config);
        return config;
    }

    private Tokenizer? FindTokenizer()
    {
        if (_source.File.Metadata.Find("tokenizer.ggml.tokens") is null)
        {
            _remarks.Add("the file has no tokenizer, and neither has the folder");
            return null;
        }

        return _source.CreateTokenizer();
    }

    private IReadOnlyList<NamedTemplate> Templates() => _source.ChatTemplate is { } template
        ? [new NamedTemplate(NamedTemplate.DefaultName, template), .. _source.NamedTemplates]
        : _source.NamedTemplates;

    // What is not said, a Python class takes from the first model of its kind.
    private static void AddMarks(Metadata config, Vocabulary? vocabulary)
    {
        AddMark(config, "bos_token_id", vocabulary?.BosId);
        AddMark(config, "eos_token_id", vocabulary?.EosId);
        AddMark(config, "pad_token_id", vocabulary?.PaddingId);
    }

    private static void AddMark(Metadata config, string key, int? id)
    {
        if (id is { } token)
        {
            config.Add(key, (long)token);
        }
        else
        {
            config.AddNull(key);
        }
    }
}
