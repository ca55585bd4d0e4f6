using Chaku.Model.Cache;
using Chaku.Model.Decoding;
using Chaku.Model.Generation;
using Chaku.Model.Tokenizers;

namespace Chaku.Model.Scoring;

/// <summary>Tokens to compare models on: of a text, or written by a model itself.</summary>
internal static class TokenWindows
{
    /// <summary>Tokens of a window that is enough to compare on.</summary>
    public const int UsualLength = 512;

    /// <summary>The token that a text begins with; 0 where the model has no vocabulary to say so.</summary>
    public static int FirstToken(LanguageModel model)
    {
        try
        {
            return model.Tokenizer.Vocabulary.BosId ?? model.Tokenizer.Vocabulary.EosId ?? 0;
        }
        catch (ModelFormatException)
        {
            return 0;
        }
    }

    /// <summary>A text in windows that do not overlap, BOS first in each where the vocabulary asks for it.</summary>
    /// <param name="tokenizer">The models' tokenizer.</param>
    /// <param name="text">The text; marks in it are text.</param>
    /// <param name="length">Tokens of a window at most.</param>
    /// <param name="count">Windows at most.</param>
    /// <exception cref="ArgumentException">The text has no token to predict.</exception>
    public static IReadOnlyList<int[]> OfText(Tokenizer tokenizer, string text, int length, int count = int.MaxValue)
    {
        int[] first = tokenizer.Vocabulary is { AddBos: true, BosId: { } bos } ? [bos] : [];
        int[][] windows =
        [
            .. tokenizer.Encode(text, addSpecial: false)
                .Chunk(Math.Max(1, length - first.Length))
                .Take(count)
                .Select(part => (int[])[.. first, .. part])
                .Where(window => window.Length > 1),
        ];
        return windows.Length > 0 ? windows : throw new ArgumentException("the text has no token to predict");
    }

    /// <summary>
    /// What a model writes when it begins with nothing, at temperature 1: the text that it knows best.
    /// </summary>
    /// <param name="model">The model; it needs no vocabulary.</param>
    /// <param name="adapter">Changes it; null for none.</param>
    /// <param name="first">The first token of each window.</param>
    /// <param name="length">Tokens of a window.</param>
    /// <param name="count">Windows, written together.</param>
    /// <param name="seed">The same seed writes the same.</param>
    /// <param name="progress">Told the tokens done and the tokens in all; may be null.</param>
    /// <param name="cancellation">Looked at after each token.</param>
    public static IReadOnlyList<int[]> Written(
        LanguageModel model,
        BoundAdapter? adapter,
        int first,
        int length,
        int count,
        ulong seed = 0,
        Action<long, long>? progress = null,
        CancellationToken cancellation = default)
    {
        int width = model.Decoder.Config.VocabularySize;
        float[] logits = new float[count * width];
        int[][] windows = [.. Enumerable.Range(0, count).Select(_ => new int[length])];
        SamplerChain[] chains =
        [
            .. Enumerable.Range(0, count).Select(i =>
                new SamplerChain(new GenerationOptions { Seed = seed + (ulong)i }, width)),
        ];
        TokenHistory[] histories = [.. chains.Select(_ => new TokenHistory([first], width))];
        Batch batch = new();
        using KvCache cache = model.Decoder.CreateCache((long)count * length, count);
        KvSequence[] sequences = [.. chains.Select(_ => cache.Open(adapter))];
        Array.ForEach(windows, window => window[0] = first);
        for (int position = 1; position < length; position++)
        {
            cancellation.ThrowIfCancellationRequested();
            batch.Clear();
            for (int i = 0; i < count; i++)
            {
                batch.Add(sequences[i], windows[i].AsSpan(position - 1, 1), OutputRows.All);
            }

            model.Decoder.Forward(batch);
            model.Decoder.Logits(batch, 0, count, logits);
            for (int i = 0; i < count; i++)
            {
                int token = chains[i].Pick(logits.AsSpan(i * width, width), histories[i], position);
                histories[i].Append(token);
                windows[i][position] = token;
            }

            progress?.Invoke((long)position * count, (long)(length - 1) * count);
        }

        Array.ForEach(sequences, sequence => sequence.Dispose());
        return windows;
    }
}
