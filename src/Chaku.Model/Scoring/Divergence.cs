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

        Sums sums = new();
        long all = 2 * windows.Sum(window => (long)window.Length);
        long done = 0;
        foreach (int[] window in windows.Where(window => window.Length > 1))
        {
            float[] expected = new float[(window.Length - 1) * width];
            Compute(reference, referenceAdapter, window, (row, logits) => logits.CopyTo(expected.AsSpan(row * width)));
            Compute(changed, null, window, (row, logits) =>
                sums.Add(expected.AsSpan(row * width, width), logits, window[row + 1]));
        }

        return sums.Count > 0
            ? sums.Score()
            : throw new ArgumentException("no window of tokens has a token to predict");

        void Compute(LanguageModel model, BoundAdapter? adapter, int[] window, RowAction onRow)
        {
            int row = 0;
            AllLogits.Compute(
                model,
                window,
                adapter,
                logits =>
                {
                    // Nothing is known of what follows the last token.
                    if (row < window.Length - 1)
                    {
                        onRow(row, logits);
                    }

                    row++;
                },
                (count, _) => progress?.Invoke(done + count, all),
                cancellation);
            done += window.Length;
        }
    }

    private delegate void RowAction(int row, ReadOnlySpan<float> logits);

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
