using Chaku.Kernels.Ops;
using Chaku.Model.Cache;
using Chaku.Model.Decoding;
using Chaku.Model.Tokenizers;

namespace Chaku.Model.Scoring;

/// <summary>
/// Scores a text in windows of the whole context that do not overlap. Each begins with BOS where the vocabulary asks
/// for it, and every token after it is scored; without BOS a window's first token is only context.
/// </summary>
/// <remarks>The loss is <see cref="CrossEntropy.Forward"/>'s, as in training: the sum differs in no bit.</remarks>
internal static class Perplexity
{
    // Rows of logits that are held at a time: what a large vocabulary takes stays small.
    private const int TileRowCount = 64;

    /// <summary>Scores a text.</summary>
    /// <param name="model">The model.</param>
    /// <param name="text">The text; marks in it are text.</param>
    /// <param name="adapter">Changes the model; null for none.</param>
    /// <param name="progress">Told, after each chunk, the tokens done and the tokens in all; may be null.</param>
    /// <param name="cancellation">Looked at after each chunk.</param>
    /// <exception cref="ArgumentException">There is no token to score.</exception>
    public static PerplexityScore Score(
        LanguageModel model,
        string text,
        BoundAdapter? adapter = null,
        Action<long, long>? progress = null,
        CancellationToken cancellation = default)
    {
        Vocabulary vocabulary = model.Tokenizer.Vocabulary;
        int? first = vocabulary.AddBos ? vocabulary.BosId : null;
        int[] tokens = model.Tokenizer.Encode(text, addSpecial: false);
        return Score(model, tokens, first, adapter, progress, cancellation);
    }

    /// <summary>Scores tokens.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokens">The text's tokens, without BOS.</param>
    /// <param name="first">Begins every window; null for none.</param>
    /// <param name="adapter">Changes the model; null for none.</param>
    /// <param name="progress">Told, after each chunk, the tokens done and the tokens in all; may be null.</param>
    /// <param name="cancellation">Looked at after each chunk.</param>
    /// <exception cref="ArgumentException">There is no token to score.</exception>
    public static PerplexityScore Score(
        LanguageModel model,
        ReadOnlySpan<int> tokens,
        int? first,
        BoundAdapter? adapter = null,
        Action<long, long>? progress = null,
        CancellationToken cancellation = default)
    {
        int stride = model.ContextLength - (first is null ? 0 : 1);
        int fewest = first is null ? 2 : 1;
        if (Math.Min(stride, tokens.Length) < fewest)
        {
            throw new ArgumentException(
                $"a text of {tokens.Length} tokens in windows of {model.ContextLength} has no token to score");
        }

        using WindowScorer scorer = new(model, adapter);
        long done = 0;
        long all = tokens.Length;
        List<int> window = [];
        for (int start = 0; start < tokens.Length; start += stride)
        {
            ReadOnlySpan<int> part = tokens.Slice(start, Math.Min(stride, tokens.Length - start));
            window.Clear();
            if (first is { } mark)
            {
                window.Add(mark);
            }

            window.AddRange(part);
            if (part.Length >= fewest)
            {
                scorer.Add(window, count => progress?.Invoke(done + count, all), cancellation);
            }

            done += part.Length;
        }

        return scorer.Sum;
    }

    private sealed class WindowScorer(LanguageModel model, BoundAdapter? adapter) : IDisposable
    {
        private readonly KvCache _cache = model.Decoder.CreateCache(model.ContextLength);
        private readonly Batch _batch = new();
        private readonly float[] _logits = new float[TileRowCount * model.Decoder.Config.VocabularySize];
        private readonly float[] _losses = new float[TileRowCount];

        public PerplexityScore Sum { get; private set; }

        public void Add(List<int> window, Action<int> progress, CancellationToken cancellation)
        {
            int[] tokens = [.. window];
            using KvSequence sequence = _cache.Open(adapter);

            void ScoreChunk(int start, int length)
            {
                for (int row = 0; row < length; row += TileRowCount)
                {
                    ScoreTile(row, tokens.AsSpan(start + row + 1, Math.Min(TileRowCount, length - row)));
                }

                progress(start + length);
            }

            // The last token is only a target: nothing is predicted from it.
            model.Prefill(
                _batch, sequence, tokens.AsSpan(0, tokens.Length - 1), OutputRows.All, ScoreChunk, cancellation);
        }

        public void Dispose() => _cache.Dispose();

        private void ScoreTile(int row, ReadOnlySpan<int> targets)
        {
            Span<float> logits = _logits.AsSpan(0, targets.Length * model.Decoder.Config.VocabularySize);
            Span<float> losses = _losses.AsSpan(0, targets.Length);
            model.Decoder.Logits(_batch, row, targets.Length, logits);
            CrossEntropy.Forward(model.Decoder.Workspace.Pool, logits, targets, losses);
            double logLikelihood = Sum.LogLikelihood;
            foreach (float loss in losses)
            {
                logLikelihood -= loss;
            }

            Sum = new PerplexityScore(logLikelihood, Sum.TokenCount + targets.Length);
        }
    }
}
