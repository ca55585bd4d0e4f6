using Chaku.Kernels.Formats;
using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;
using Chaku.Model.Adapters;
using Chaku.Model.Decoding;
using Chaku.Model.Families;
using Chaku.Model.Files;
using Chaku.Model.Licenses;
using Chaku.Model.Tokenizers;

namespace Chaku.Model.Conversion;

/// <summary>A matrix that a merge changes.</summary>
/// <param name="Linear">The layer.</param>
/// <param name="Source">The matrix in the model's file.</param>
/// <param name="Format">What it is stored as.</param>
internal sealed record MergedTensor(Linear Linear, GgufTensor Source, TensorFormat Format);

/// <summary>
/// A GGUF file of a model and an adapter in one: d ⊙ (W + s · B · A) in the place of W. What the adapter does not touch
/// is copied byte for byte.
/// </summary>
internal sealed class AdapterMerge
{
    private const int ChunkWeights = 1 << 22;

    // What GGUF names beside EOS that ends an answer.
    private static readonly string[] StopKeys = ["tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"];

    private readonly LanguageModel _model;
    private readonly GgufSource _source;
    private readonly LoraAdapter _adapter;
    private readonly BoundAdapter _bound;
    private readonly TensorFormat? _format;
    private readonly Dictionary<string, MergedTensor> _merged;

    /// <summary>Plans a merge.</summary>
    /// <param name="model">The model, from a GGUF file.</param>
    /// <param name="adapter">The adapter.</param>
    /// <param name="strength">What its scale is multiplied with; 1 is as trained.</param>
    /// <param name="format">What changed matrices are stored as; null for what they are now.</param>
    /// <exception cref="AdapterException">
    /// The model is no GGUF file, or rows are no whole blocks of the format.
    /// </exception>
    public AdapterMerge(LanguageModel model, LoraAdapter adapter, float strength, TensorFormat? format)
    {
        _model = model;
        _source = model.Source as GgufSource ?? throw new AdapterException(
            $"{model.Path} is a folder: chaku convert makes a GGUF file of it, and into that an adapter is merged");
        _adapter = adapter;
        _bound = model.Bind(adapter, strength);
        _format = format;
        _merged = model.Decoder.Linears
            .Where(linear => _bound.For(linear) is not null)
            .Select(Plan)
            .ToDictionary(tensor => tensor.Source.Name, StringComparer.Ordinal);
    }

    /// <summary>The adapter, fitted to the model, as it is served beside it.</summary>
    public BoundAdapter Bound => _bound;

    /// <summary>The matrices that are changed, in the decoder's order.</summary>
    public IReadOnlyCollection<MergedTensor> Merged => _merged.Values;

    /// <summary>The formats that changed matrices are stored in, the most frequent first.</summary>
    public IReadOnlyList<TensorFormat> Formats =>
        [.. Merged.CountBy(tensor => tensor.Format).OrderByDescending(pair => pair.Value).Select(pair => pair.Key)];

    /// <summary>Bytes of all tensors in the new file.</summary>
    public long ByteLength => _source.File.Tensors.Sum(tensor => FormatOf(tensor).ByteLength(tensor.ElementCount));

    private bool IsQuantised => _source.File.Tensors.Any(tensor => FormatOf(tensor).BlockLength > 1);

    /// <summary>
    /// The terms of a model and an adapter in one, as files state them: those of both, <c>unknown</c> where nothing
    /// states any. For an adapter of this software, those of the data that it was trained on.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="adapter">The adapter.</param>
    public static StatedLicense LicenseOf(ModelSource model, AdapterSource adapter) => new(
        (new AdapterOrigin { BaseLicense = BaseTerms(model, adapter), DataLicense = OtherTerms(adapter) }).Terms,
        "the metadata of model and adapter");

    /// <summary>What follows from the terms of a model and an adapter for both in one.</summary>
    /// <param name="model">The model.</param>
    /// <param name="adapter">The adapter.</param>
    public static ResultLicense ResultOf(ModelSource model, AdapterSource adapter) => adapter.Origin.IsOurs
        ? ResultLicense.Of(BaseTerms(model, adapter), OtherTerms(adapter))
        : ResultLicense.OfAdapter(BaseTerms(model, adapter), OtherTerms(adapter));

    /// <summary>What writes the file's content to a stream; the same bytes for any number of threads.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="origin">What it was made from, the adapter last.</param>
    /// <param name="progress">Told the bytes written and the bytes in all.</param>
    /// <param name="cancellation">Looked at after each chunk.</param>
    /// <remarks>
    /// The writing throws <see cref="AdapterException"/> where a value is no number, or too large for its format, and
    /// <see cref="OperationCanceledException"/> where it is cancelled.
    /// </remarks>
    public Action<Stream> Content(
        string path, FileOrigin origin, Action<long, long>? progress, CancellationToken cancellation)
    {
        long all = ByteLength;
        long done = 0;
        TensorSource[] tensors = [.. _source.File.Tensors.Select(TensorOf)];
        return GgufWriter.Content(MetadataOf(path, origin), tensors);

        TensorSource TensorOf(GgufTensor tensor) => _merged.GetValueOrDefault(tensor.Name) is { } merged
            ? new TensorSource(tensor.Name, merged.Format, tensor.Dimensions, stream => Merge(stream, merged, Advance))
            : new TensorSource(
                tensor.Name,
                tensor.Format,
                tensor.Dimensions,
                stream => _source.File.CopyTo(tensor, stream, Advance));

        void Advance(int byteLength)
        {
            cancellation.ThrowIfCancellationRequested();
            done += byteLength;
            progress?.Invoke(done, all);
        }
    }

    private TensorFormat FormatOf(GgufTensor tensor) =>
        _merged.GetValueOrDefault(tensor.Name)?.Format ?? tensor.Format;

    private static string? BaseTerms(ModelSource model, AdapterSource adapter) =>
        model.License?.Name ?? adapter.Origin.BaseLicense;

    private static string? OtherTerms(AdapterSource adapter) =>
        adapter.Origin.IsOurs ? adapter.Origin.DataLicense : adapter.License?.Name;

    private MergedTensor Plan(Linear linear)
    {
        GgufTensor source = _source.File[linear.Name];
        TensorFormat format = _format ?? source.Format;
        return linear.InputSize % format.BlockLength == 0
            ? new MergedTensor(linear, source, format)
            : throw new AdapterException(
                $"'{linear.Name}' has rows of {linear.InputSize} weights, which are no whole blocks of {format}, of "
                + $"{format.BlockLength} each: choose another --type");
    }

    private void Merge(Stream stream, MergedTensor tensor, Action<int> advance)
    {
        Linear linear = tensor.Linear;
        LoraFactors factors = _bound.For(linear)!;
        ComputePool pool = _model.Decoder.Workspace.Pool;
        float[] rowScales = _bound.ScaleOf(linear, pool)?.Factors ?? [];
        int rowByteLength = checked((int)tensor.Format.ByteLength(linear.InputSize));
        int chunk = Math.Clamp(ChunkWeights / linear.InputSize, 1, linear.OutputSize);
        byte[] rows = new byte[(long)chunk * rowByteLength];
        for (int row = 0; row < linear.OutputSize; row += chunk)
        {
            Span<byte> part = rows.AsSpan(0, Math.Min(chunk, linear.OutputSize - row) * rowByteLength);
            LowRankChange change =
                new(factors.AValues, factors.TransposedBValues, _bound.Strength * factors.Scale, rowScales);
            if (!LowRankMerge.Run(pool, linear.Weight, change, row, tensor.Format, part).IsFinite)
            {
                throw new AdapterException(
                    $"merged, '{linear.Name}' has values that {tensor.Format} cannot hold: choose another --type");
            }

            stream.Write(part);
            advance(part.Length);
        }
    }

    private Metadata MetadataOf(string path, FileOrigin origin)
    {
        // What a file of several formats is called, its readers find out.
        bool isRestored = Merged.Any(tensor => tensor.Format != tensor.Source.Format);
        Metadata metadata = new(path);
        foreach (MetadataValue value in _source.File.Metadata)
        {
            if (value.Key == GgufAdapterKeys.Name)
            {
                metadata.Add(GgufAdapterKeys.Name, string.Join(" with ", origin.Sources.Select(source => source.Name)));
            }
            else if (!value.Key.StartsWith(GgufAdapterKeys.OwnPrefix, StringComparison.Ordinal)
                && !value.Key.StartsWith(GgufKeys.License, StringComparison.Ordinal)
                && !(isRestored && value.Key == GgufKeys.FileType))
            {
                metadata.TryAdd(value);
            }
        }

        if (metadata.Find(GgufKeys.QuantisationVersion) is null && IsQuantised)
        {
            metadata.Add(GgufKeys.QuantisationVersion, GgufKeys.NewestQuantisation);
        }

        IReadOnlyList<int> stops = [.. (_adapter.Origin.StopIds ?? []).Union(AdapterMetadata.StopIdsOf(_source.File))];
        AddStops(metadata, stops);
        AdapterOrigin own = stops.Count > 0 ? _adapter.Origin with { StopIds = stops } : _adapter.Origin;
        foreach ((string key, string value) in
            AdapterMetadata.Write(own).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            metadata.Add(key, value);
        }

        origin.AddTo(metadata);
        return metadata;
    }

    // For other software, which knows nothing of the adapter's key. It takes what a key of GGUF names out of a user's
    // text, so that only marks get one.
    private void AddStops(Metadata metadata, IReadOnlyList<int> stops)
    {
        if (stops.Count == 0 || metadata.Find(GgufKeys.TokenizerModel) is null)
        {
            return;
        }

        Vocabulary vocabulary = _model.Tokenizer.Vocabulary;
        IEnumerable<int> marks = stops.Except(vocabulary.EndOfGeneration).Order()
            .Where(id => id < vocabulary.Count && vocabulary.TypeOf(id) == TokenType.Control);
        foreach ((int id, string key) in marks.Zip(StopKeys.Where(key => metadata.Find(key) is null).ToArray()))
        {
            metadata.Add(key, (uint)id);
        }
    }
}
