using System.Diagnostics;
using Chaku.Kernels.Cache;
using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;
using Chaku.Model.Adapters;
using Chaku.Model.Cache;
using Chaku.Model.Decoding;
using Chaku.Model.Families;
using Chaku.Model.Generation;
using Chaku.Model.Tokenizers;

namespace Chaku.Model;

/// <summary>An open model: its file, tokenizer and decoder. One caller at a time.</summary>
public sealed class LanguageModel : IDisposable
{
    private readonly ComputePool _pool;
    private readonly List<string> _notices = [];
    private readonly Lazy<Tokenizer> _tokenizer;

    private LanguageModel(ModelSource source, ModelOptions options, KvFormat kvFormat)
    {
        Source = source;
        Options = options;
        DecoderConfig config = WithGelu(source.ReadConfig(), options.Gelu);
        DecoderWeights weights = source.ReadWeights(config);
        weights = options.HoldsSingles ? WeightList.InMemory(weights) : weights;
        _tokenizer = new Lazy<Tokenizer>(() => CreateTokenizer(source, config.VocabularySize));
        ContextLength = options.ContextLength ?? config.ContextLength;
        if (ContextLength > config.ContextLength)
        {
            _notices.Add(
                $"the context of {ContextLength} is longer than the {config.ContextLength} that the file was made for");
        }

        if (config.Position is LearnedPositionConfig learned && ContextLength > learned.Count)
        {
            throw new ArgumentException(
                $"the context can be {learned.Count} at most, not {ContextLength}: the model learned a vector for each "
                + "position");
        }

        if (config.Position is RotaryConfig rotary)
        {
            config = config with { Position = rotary.For(ContextLength) };
            if (rotary.Long is { } stretched && ContextLength > stretched.OriginalContextLength)
            {
                _notices.Add(
                    $"positions are stretched for a context of {ContextLength}; the model computes otherwise with a "
                    + $"context of {stretched.OriginalContextLength} or less");
            }
        }

        _pool = new ComputePool(options.ThreadCount);
        Decoder = new Decoder(config, weights, _pool, kvFormat) { IsExact = options.IsExact };
    }

    /// <summary>The file's path.</summary>
    public string Path => Source.Path;

    /// <summary>Positions of a sequence at most.</summary>
    public int ContextLength { get; }

    /// <summary>Bytes that repacked weights take, in place of the file's pages; 0 where none are.</summary>
    public long RepackedByteLength { get; private set; }

    /// <summary>Seconds that repacking took.</summary>
    public double RepackSeconds { get; private set; }

    /// <summary>What the user should know about how the model was loaded, a line each.</summary>
    public IReadOnlyList<string> Notices => _notices;

    /// <summary>The file's own chat template, in Jinja; null where it has none.</summary>
    internal string? ChatTemplate => Source.ChatTemplate;

    internal ModelSource Source { get; }

    internal ModelOptions Options { get; }

    internal Decoder Decoder { get; }

    internal Tokenizer Tokenizer => _tokenizer.Value;

    /// <summary>Bytes of weights that had to be copied because the file has them in another layout.</summary>
    public long CopiedByteLength => Source.CopiedByteLength;

    /// <summary>
    /// Opens a GGUF file or a Hugging Face folder. Weights are read where they lie, or repacked once.
    /// </summary>
    /// <param name="path">The file or the folder.</param>
    /// <param name="options">How it is run; null for the defaults.</param>
    /// <param name="progress">Told, while weights are repacked, the bytes done and the bytes in all.</param>
    /// <param name="cancellation">Stops repacking.</param>
    /// <exception cref="ModelFormatException">The file is no model that this software runs.</exception>
    /// <exception cref="ArgumentException">An option has a value that cannot be.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static LanguageModel Load(
        string path,
        ModelOptions? options = null,
        Action<long, long>? progress = null,
        CancellationToken cancellation = default)
    {
        options ??= new ModelOptions();
        if (options.ThreadCount is < 1 or > ComputePool.MostThreads)
        {
            throw new ArgumentException(
                $"the number of threads is from 1 to {ComputePool.MostThreads}, not {options.ThreadCount}");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(options.ChunkLength, 1, nameof(options.ChunkLength));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ContextLength ?? 1, 1, nameof(options.ContextLength));
        KvFormat kvFormat = KvFormats.All.FirstOrDefault(format => format.Name == options.CacheType)
            ?? throw new ArgumentException(
                $"the cache type is one of {string.Join(", ", KvFormats.All.Select(format => format.Name))}, " +
                $"not '{options.CacheType}'");
        ModelSource source = ModelSource.Open(path);
        LanguageModel? model = null;
        try
        {
            model = new LanguageModel(source, options, kvFormat);
            model.Repack(progress, cancellation);
            return model;
        }
        catch
        {
            model?.Dispose();
            source.Dispose();
            throw;
        }
    }

    /// <summary>Continues a text, a token at a time; the texts of all steps are the continuation.</summary>
    /// <param name="prompt">The text; what looks like a special token in it is none.</param>
    /// <param name="options">How tokens are picked, and when to stop; null for the defaults.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <exception cref="ModelFormatException">The file has no vocabulary, or one that cannot be read.</exception>
    /// <exception cref="ArgumentException">An option cannot be, or there is no token to begin with.</exception>
    /// <exception cref="ContextOverflowException">The prompt leaves no room for an answer.</exception>
    public IEnumerable<GenerationStep> Generate(
        string prompt, GenerationOptions? options = null, CancellationToken cancellation = default)
    {
        int[] tokens = Generator.EncodePrompt(Tokenizer, prompt);
        Generator generator = new(this);
        return Owned(generator, generator.Run(tokens, options ?? new GenerationOptions(), null, cancellation));

        static IEnumerable<GenerationStep> Owned(Generator generator, IEnumerable<GenerationStep> steps)
        {
            using (generator)
            {
                foreach (GenerationStep step in steps)
                {
                    yield return step;
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Decoder.Dispose();
        _pool.Dispose();
        Source.Dispose();
    }

    /// <summary>
    /// A cache for this many sequences of the whole context, and as many pages again for known prefixes.
    /// </summary>
    internal KvCache CreateCache(int sequenceCount = 1) =>
        Decoder.CreateCache(2L * sequenceCount * ContextLength, sequenceCount);

    /// <summary>Fits an adapter to this model.</summary>
    /// <exception cref="ArgumentException">It changes matrices that the model does not have.</exception>
    internal BoundAdapter Bind(LoraAdapter adapter, float strength = 1) =>
        BoundAdapter.Bind(Decoder, adapter, strength);

    /// <summary>Runs tokens through the decoder in chunks; the last chunk's batch is left for its logits.</summary>
    /// <param name="batch">Used and overwritten.</param>
    /// <param name="sequence">Goes on from what it holds.</param>
    /// <param name="tokens">At least one.</param>
    /// <param name="outputs">Rows asked for, in every chunk when all, in the last when only the last.</param>
    /// <param name="onChunk">
    /// Called after each chunk with its first token's number and its length; logits can be read.
    /// </param>
    /// <param name="cancellation">Stops between chunks.</param>
    /// <exception cref="ContextOverflowException">The tokens do not fit.</exception>
    internal void Prefill(
        Batch batch,
        KvSequence sequence,
        ReadOnlySpan<int> tokens,
        OutputRows outputs,
        Action<int, int>? onChunk = null,
        CancellationToken cancellation = default)
    {
        if (sequence.Length + tokens.Length > ContextLength)
        {
            throw new ContextOverflowException(sequence.Length + tokens.Length, ContextLength);
        }

        for (int start = 0; start < tokens.Length; start += Options.ChunkLength)
        {
            cancellation.ThrowIfCancellationRequested();
            int length = Math.Min(Options.ChunkLength, tokens.Length - start);
            bool isLast = start + length == tokens.Length;
            batch.Clear();
            OutputRows asked = outputs == OutputRows.Last && !isLast ? OutputRows.None : outputs;
            batch.Add(sequence, tokens.Slice(start, length), asked);
            Decoder.Forward(batch);
            onChunk?.Invoke(start, length);
        }
    }

    private void Repack(Action<long, long>? progress, CancellationToken cancellation)
    {
        if (!Options.Repack || Options.IsExact || Options.HoldsSingles)
        {
            return;
        }

        long start = Stopwatch.GetTimestamp();
        long all = Decoder.Linears.Sum(linear => linear.Weight.ByteLength);
        long done = 0;
        foreach (Linear linear in Decoder.Linears)
        {
            cancellation.ThrowIfCancellationRequested();
            RepackedByteLength += linear.Weight.Repack(_pool);
            done += linear.Weight.ByteLength;
            progress?.Invoke(done, all);
        }

        RepackSeconds = RepackedByteLength == 0 ? 0 : Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static Tokenizer CreateTokenizer(ModelSource source, int vocabularySize)
    {
        Tokenizer tokenizer = source.CreateTokenizer();
        return tokenizer.Vocabulary.Count == vocabularySize
            ? tokenizer
            : throw new ModelFormatException(
                source.Path,
                0,
                $"a vocabulary of {vocabularySize} tokens, as many as the model has embeddings",
                $"one of {tokenizer.Vocabulary.Count}");
    }

    private static DecoderConfig WithGelu(DecoderConfig config, string? name)
    {
        if (name is null)
        {
            return config;
        }

        ActivationFunction[] variants = [ActivationFunctions.Gelu, ActivationFunctions.GeluTanh];
        ActivationFunction chosen = name switch
        {
            "erf" => ActivationFunctions.Gelu,
            "tanh" => ActivationFunctions.GeluTanh,
            _ => throw new ArgumentException($"GELU's variant is erf or tanh, not '{name}'"),
        };
        return variants.Contains(config.FeedForward.Activation)
            ? config with { FeedForward = config.FeedForward with { Activation = chosen } }
            : throw new ArgumentException(
                $"the model's activation function is {config.FeedForward.Activation.Name}, which has no variants");
    }
}
