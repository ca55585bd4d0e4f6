using Chaku.Model.Cache;
using Chaku.Model.Decoding;

namespace Chaku.Model.Scoring;

/// <summary>Compares two models, position by position, on the same tokens.</summary>
internal static class Divergence
{
    /// <summary>Compares them on windows of tokens that do not see one another.</summary>
    /// <param name="reference">The model as it was.</param>
    /// <param name="referenceAdapter">Changes it; null for none.</param>
    /// <param name="changed">What was made of it; it has the same vocabulary.</param>
    /// <param name="windows">Tokens, BOS included where it is wanted; windows of one token compare nothing.</param>
    /// <param name="progress">Told the tokens done and the tokens in all; may be null.</param>
    /// <param name="cancellation">Looked at after each chunk.</param>
    /// <exception cref="ArgumentException">The vocabularies differ, or no window has two tokens.</exception>
    /// <exception cref="ContextOverflowException">A window does not fit one of the models.</exception>
    public static DivergenceScore Measure(
        LanguageModel reference,
        BoundAdapter? referenceAdapter,
        LanguageModel changed,
        IReadOnlyList<int[]> windows,
        Action<long, long>? progress = null,
        CancellationToken cancellation = default)
    {
        int width = reference.Decoder.Config.VocabularySize;
        if (changed.Decoder.Config.VocabularySize != width)
        {
            throw new ArgumentException(
                $"models with {width} and {changed.Decoder.Config.VocabularySize} tokens cannot be compared");
        }

        using Readers readers = new(reference, referenceAdapter, changed);
        long all = windows.Sum(window => (long)window.Length);
        long done = 0;
        foreach (int[] window in windows.Where(window => window.Length > 1))
        {
            readers.Read(window, count => progress?.Invoke(done + count, all), cancellation);
            done += window.Length;
        }

        return readers.Sums.Count > 0
            ? readers.Sums.Score()
            : throw new ArgumentException("no window of tokens has a token to predict");
    }

    /// <summary>
    /// Both models, a chunk of a window at a time: what the first one's output head multiplies is kept, and the logits
    /// of both are there for a few rows only, so that a large vocabulary takes little memory.
    /// </summary>
    private sealed class Readers(LanguageModel reference, BoundAdapter? adapter, LanguageModel changed) : IDisposable
    {
        private const int TileRowCount = 16;

        private readonly int _hidden = reference.Decoder.Config.HiddenSize;
        private readonly int _width = reference.Decoder.Config.VocabularySize;
        private readonly KvCache _referenceCache = reference.Decoder.CreateCache(reference.ContextLength);
        private readonly KvCache _changedCache = changed.Decoder.CreateCache(changed.ContextLength);
        private readonly Batch _referenceBatch = new();
        private readonly Batch _changedBatch = new();
        private readonly float[] _expected = new float[TileRowCount * reference.Decoder.Config.VocabularySize];
        private readonly float[] _found = new float[TileRowCount * reference.Decoder.Config.VocabularySize];
        private float[] _rows = [];

        public Sums Sums { get; } = new();

        public void Read(int[] window, Action<int> progress, CancellationToken cancellation)
        {
            using KvSequence referenceSequence = _referenceCache.Open(adapter);
            using KvSequence changedSequence = _changedCache.Open();

            // Nothing is known of what follows the last token.
            reference.Prefill(
                _referenceBatch, referenceSequence, window.AsSpan(0, window.Length - 1), OutputRows.All, OnChunk,
                cancellation);

            void OnChunk(int start, int length)
            {
                // Both may be one model, which forgets them with the next batch.
                if (_rows.Length < length * _hidden)
                {
                    _rows = new float[length * _hidden];
                }

                reference.Decoder.OutputInput(_referenceBatch).CopyTo(_rows);
                changed.Prefill(
                    _changedBatch, changedSequence, window.AsSpan(start, length), OutputRows.All,
                    (part, count) => Compare(part, window.AsSpan(start + part + 1, count)), cancellation);
                progress(start + length);
            }
        }

        public void Dispose()
        {
            _referenceCache.Dispose();
            _changedCache.Dispose();
        }

        // Rows of the reference's chunk from the first on, and all of the other one's, with the tokens behind them.
        private void Compare(int first, ReadOnlySpan<int> targets)
        {
            for (int row = 0; row < targets.Length; row += TileRowCount)
            {
                int count = Math.Min(TileRowCount, targets.Length - row);
                reference.Decoder.LogitsOf(
                    _referenceBatch,
                    first + row,
                    _rows.AsSpan((first + row) * _hidden, count * _hidden),
                    _expected.AsSpan(0, count * _width));
                changed.Decoder.Logits(_changedBatch, row, count, _found.AsSpan(0, count * _width));
                for (int i = 0; i < count; i++)
                {
                    Sums.Add(
                        _expected.AsSpan(i * _width, _width), _found.AsSpan(i * _width, _width), targets[row + i]);
                }
            }
        }
    }

    private sealed class Sums
    {
        private double _kl;
        private double _klSquares;
        private double _largestKl;
        private long _sameTop;
        private double _referenceLikelihood;
        private double _changedLikelihood;

        public long Count { get; private set; }

        public void Add(ReadOnlySpan<float> reference, ReadOnlySpan<float> changed, int target)
        {
            double referenceLog = LogSumExp(reference, out int referenceTop);
            double changedLog = LogSumExp(changed, out int changedTop);
            double kl = 0;
            for (int i = 0; i < reference.Length; i++)
            {
                double log = reference[i] - referenceLog;
                kl += Math.Exp(log) * (log - (changed[i] - changedLog));
            }

            Count++;
            _kl += kl;
            _klSquares += kl * kl;
            _largestKl = Math.Max(_largestKl, kl);
            _sameTop += referenceTop == changedTop ? 1 : 0;
            _referenceLikelihood += reference[target] - referenceLog;
            _changedLikelihood += changed[target] - changedLog;
        }

        public DivergenceScore Score()
        {
            double mean = _kl / Count;
            double variance = Count > 1 ? Math.Max(0, _klSquares - (Count * mean * mean)) / (Count - 1) : 0;
            return new DivergenceScore(
                Count,
                mean,
                Math.Sqrt(variance / Count),
                _largestKl,
                (double)_sameTop / Count,
                new PerplexityScore(_referenceLikelihood, Count),
                new PerplexityScore(_changedLikelihood, Count));
        }

        private static double LogSumExp(ReadOnlySpan<float> logits, out int top)
        {
            top = 0;
            for (int i = 1; i < logits.Length; i++)
            {
                if (logits[i] > logits[top])
                {
                    top = i;
                }
            }

            double largest = logits[top];
            double sum = 0;
            foreach (float logit in logits)
            {
                sum += Math.Exp(logit - largest);
            }

            return largest + Math.Log(sum);
        }
    }
}
