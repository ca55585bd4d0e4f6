using Chaku.Model.Cache;
using Chaku.Model.Decoding;

namespace Chaku.Model.Scoring;

/// <summary>A model's logits at every position of a list of tokens.</summary>
internal static class AllLogits
{
    // Rows that are held at a time: what a large vocabulary takes stays small.
    private const int TileRowCount = 16;

    /// <summary>Computes them in order.</summary>
    /// <param name="model">The model; it needs no vocabulary.</param>
    /// <param name="tokens">The tokens; none is added.</param>
    /// <param name="adapter">Changes the model; null for none.</param>
    /// <param name="onRow">Gets each position's logits [vocabulary].</param>
    /// <param name="progress">Told, after each chunk, the tokens done and the tokens in all; may be null.</param>
    /// <param name="cancellation">Looked at after each chunk.</param>
    /// <exception cref="ArgumentException">A token is not in the vocabulary.</exception>
    /// <exception cref="ContextOverflowException">The tokens do not fit.</exception>
    public static void Compute(
        LanguageModel model,
        int[] tokens,
        BoundAdapter? adapter,
        Action<ReadOnlySpan<float>> onRow,
        Action<long, long>? progress = null,
        CancellationToken cancellation = default)
    {
        int width = model.Decoder.Config.VocabularySize;
        if (tokens.FirstOrDefault(token => (uint)token >= (uint)width) is var wrong && (uint)wrong >= (uint)width)
        {
            throw new ArgumentException($"expected tokens from 0 to {width - 1}, got {wrong}");
        }

        float[] logits = new float[TileRowCount * width];
        Batch batch = new();
        using KvCache cache = model.Decoder.CreateCache(model.ContextLength);
        using KvSequence sequence = cache.Open(adapter);
        model.Prefill(batch, sequence, tokens, OutputRows.All, OnChunk, cancellation);

        void OnChunk(int start, int length)
        {
            for (int row = 0; row < length; row += TileRowCount)
            {
                int count = Math.Min(TileRowCount, length - row);
                model.Decoder.Logits(batch, row, count, logits.AsSpan(0, count * width));
                for (int i = 0; i < count; i++)
                {
                    onRow(logits.AsSpan(i * width, width));
                }
            }

            progress?.Invoke(start + length, tokens.Length);
        }
    }
}
