using System.Diagnostics;
using Chaku.Model;
using Chaku.Model.Cache;
using Chaku.Model.Decoding;
using Chaku.Model.Generation;
using Chaku.Training.Estimation;

namespace Chaku.SideBySide.Engines;

/// <summary>
/// Chaku in this process, by the path that serves: cache, decoder, output head, and the sampler that picks the best
/// token. What was picked is not what comes next: the workload says that, for all engines alike.
/// </summary>
internal sealed class ChakuEngine : IEngine
{
    private readonly LanguageModel _model;
    private readonly Batch _batch = new();
    private readonly SamplerChain _sampler;
    private readonly int[] _next = new int[1];
    private readonly Dictionary<Workload, KvCache> _rooms = [];
    private TokenHistory[] _histories = [];
    private float[] _logits = [];

    /// <summary>Loads a model.</summary>
    public ChakuEngine(EngineSettings settings)
    {
        long start = Stopwatch.GetTimestamp();
        _model = LanguageModel.Load(settings.ModelPath, new ModelOptions
        {
            ThreadCount = settings.ThreadCount,
            ContextLength = settings.ContextLength,
            CacheType = settings.CacheType,
            ChunkLength = settings.ChunkLength,
        });
        LoadSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        _sampler = new SamplerChain(new GenerationOptions { Temperature = 0 }, VocabularySize);
    }

    /// <inheritdoc/>
    public string Name => "Chaku";

    /// <summary>Seconds that loading took, repacked weights included.</summary>
    public double LoadSeconds { get; }

    /// <summary>Tokens that there are.</summary>
    public int VocabularySize => _model.Decoder.Config.VocabularySize;

    /// <summary>Bytes of weights, as the file has them, that a token needs.</summary>
    public long WeightBytesPerToken => _model.Decoder.Linears.Sum(linear => linear.Weight.ByteLength);

    /// <summary>Bytes that the pages of the cache take.</summary>
    public long CacheBytes => _rooms.Values.Sum(cache => cache.ByteLength);

    /// <summary>Bytes that repacked weights take beside the file.</summary>
    public long RepackedBytes => _model.RepackedByteLength;

    /// <inheritdoc/>
    public void Prepare(IReadOnlyList<Workload> workloads)
    {
        Clear();
        foreach (Workload workload in workloads)
        {
            int count = workload.SequenceCount;
            _rooms[workload] = _model.Decoder.CreateCache(2L * count * workload.Length, 2 * count);
        }

        int most = workloads.Max(workload => workload.SequenceCount);
        _logits = new float[most * VocabularySize];
        _histories = [.. Enumerable.Range(0, most).Select(_ => new TokenHistory([], VocabularySize))];
    }

    /// <inheritdoc/>
    public double Run(Workload workload)
    {
        int[][] tokens = workload.Tokens(VocabularySize);
        KvSequence[] sequences = [.. tokens.Select(all => Held(_rooms[workload], all, workload.HeldLength))];
        try
        {
            long start = Stopwatch.GetTimestamp();
            for (int step = 0; step < workload.StepCount; step++)
            {
                int first = workload.HeldLength + (step * workload.TokensPerStep);
                Step(sequences, tokens, first, workload.TokensPerStep);
            }

            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        finally
        {
            Array.ForEach(sequences, sequence => sequence.Dispose());
        }
    }

    /// <inheritdoc/>
    public double[] Logits(int[] tokens) => [.. tokens.Select(token => (double)_logits[token])];

    /// <inheritdoc/>
    public long ResidentBytes() => ProcessMemory.Read().ResidentBytes;

    /// <inheritdoc/>
    public void Dispose()
    {
        Clear();
        _model.Dispose();
    }

    private void Clear()
    {
        foreach (KvCache cache in _rooms.Values)
        {
            cache.Dispose();
        }

        _rooms.Clear();
    }

    private KvSequence Held(KvCache cache, int[] tokens, int length)
    {
        if (length == 0)
        {
            return cache.Open();
        }

        KvSequence sequence = cache.Open(tokens.AsSpan(0, length + 1), null);
        if (sequence.Length < length)
        {
            _model.Prefill(_batch, sequence, tokens.AsSpan(sequence.Length..length), OutputRows.None);
        }

        return sequence;
    }

    private void Step(KvSequence[] sequences, int[][] tokens, int first, int count)
    {
        if (sequences.Length == 1)
        {
            _model.Prefill(_batch, sequences[0], tokens[0].AsSpan(first, count), OutputRows.Last);
        }
        else
        {
            _batch.Clear();
            for (int i = 0; i < sequences.Length; i++)
            {
                _batch.Add(sequences[i], tokens[i].AsSpan(first, count), OutputRows.Last);
            }

            _model.Decoder.Forward(_batch);
        }

        _model.Decoder.Logits(_batch, 0, sequences.Length, _logits.AsSpan(0, sequences.Length * VocabularySize));
        for (int i = 0; i < sequences.Length; i++)
        {
            ReadOnlySpan<float> logits = _logits.AsSpan(i * VocabularySize, VocabularySize);
            _next[0] = _sampler.Pick(logits, _histories[i], first + count);
        }
    }
}
