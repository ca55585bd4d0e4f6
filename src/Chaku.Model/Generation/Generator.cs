using Chaku.Kernels.Ops;
using Chaku.Model.Cache;
using Chaku.Model.Decoding;
using Chaku.Model.Tokenizers;

namespace Chaku.Model.Generation;

/// <summary>
/// The one generation loop: a whole answer is a fold over its steps. Keeps what it has computed for the next prompt.
/// </summary>
/// <param name="model">The model; one caller at a time.</param>
/// <param name="adapter">Changes the model; null for none.</param>
internal sealed class Generator(LanguageModel model, BoundAdapter? adapter = null) : IDisposable
{
    private readonly KvCache _cache = model.CreateCache();
    private readonly Batch _batch = new();
    private readonly float[] _logits = new float[model.Decoder.Config.VocabularySize];

    /// <summary>The tokens of a text to be continued: BOS first where the vocabulary asks for it.</summary>
    /// <exception cref="ArgumentException">There is no token to begin with.</exception>
    public static int[] EncodePrompt(Tokenizer tokenizer, string text)
    {
        List<int> tokens = [];
        if (tokenizer.Vocabulary is { AddBos: true, BosId: { } bos })
        {
            tokens.Add(bos);
        }

        tokenizer.Append([new TextSpan(text, ParseSpecial: false)], tokens);
        return tokens.Count > 0
            ? [.. tokens]
            : throw new ArgumentException("the prompt is empty, and the model's vocabulary has no token to begin with");
    }

    /// <summary>An answer, a token at a time.</summary>
    /// <param name="prompt">The tokens before it.</param>
    /// <param name="options">How tokens are picked, and when to stop.</param>
    /// <param name="onPrompt">Told, after each chunk of the prompt, the tokens done and the tokens to do.</param>
    /// <param name="cancellation">Stops between tokens and between chunks of the prompt.</param>
    /// <exception cref="ArgumentException">An option cannot be.</exception>
    /// <exception cref="ContextOverflowException">The prompt leaves no room for an answer.</exception>
    public IEnumerable<GenerationStep> Run(
        int[] prompt,
        GenerationOptions options,
        Action<int, int>? onPrompt = null,
        CancellationToken cancellation = default)
    {
        options.Validate(_logits.Length);
        if (prompt.Length >= model.ContextLength)
        {
            // A prompt that just fits lacks a place for the first token of the answer.
            throw new ContextOverflowException(Math.Max(prompt.Length, model.ContextLength + 1), model.ContextLength);
        }

        return Steps(prompt, options, onPrompt, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose() => _cache.Dispose();

    private IEnumerable<GenerationStep> Steps(
        int[] prompt, GenerationOptions options, Action<int, int>? onPrompt, CancellationToken cancellation)
    {
        using KvSequence sequence = _cache.Open(prompt, adapter);
        AnswerText text = new(model.Tokenizer, prompt, options.StopStrings);
        SamplerChain chain = new(options, _logits.Length);
        TokenHistory history = new(prompt, _logits.Length);
        HashSet<int> ends = [.. model.Tokenizer.Vocabulary.EndOfGeneration, .. options.StopIds];
        int mostTokens = Math.Min(options.MaxTokens ?? int.MaxValue, model.ContextLength - prompt.Length);
        FinishReason full = mostTokens == options.MaxTokens ? FinishReason.Length : FinishReason.ContextFull;
        Prefill(sequence, prompt, onPrompt, cancellation);

        int[] next = new int[1];
        for (int count = 1; ; count++)
        {
            int token = next[0] = chain.Pick(_logits, history, prompt.Length + count - 1);
            history.Append(token);
            bool isEnd = ends.Contains(token);
            string piece = isEnd ? "" : text.Append(token);
            FinishReason? reason = isEnd || text.HasStopped ? FinishReason.Stop : count == mostTokens ? full : null;
            yield return Step(token, reason is null ? piece : piece + text.Flush(), options.LogProbabilities, reason);
            if (reason is not null)
            {
                yield break;
            }

            cancellation.ThrowIfCancellationRequested();
            Advance(sequence, next, null, cancellation);
        }
    }

    private void Prefill(
        KvSequence sequence, ReadOnlySpan<int> prompt, Action<int, int>? onPrompt, CancellationToken cancellation)
    {
        int known = sequence.Length;
        int toDo = prompt.Length - known;
        Action<int, int>? onChunk = onPrompt is null ? null : (first, length) => onPrompt(first + length, toDo);
        Advance(sequence, prompt[known..], onChunk, cancellation);
    }

    private void Advance(
        KvSequence sequence, ReadOnlySpan<int> tokens, Action<int, int>? onChunk, CancellationToken cancellation)
    {
        model.Prefill(_batch, sequence, tokens, OutputRows.Last, onChunk, cancellation);
        model.Decoder.Logits(_batch, 0, 1, _logits);
    }

    private GenerationStep Step(int token, string text, int? alternatives, FinishReason? reason)
    {
        if (alternatives is not { } count)
        {
            return new GenerationStep(token, text, null, [], reason);
        }

        float logSumExp = CrossEntropy.LogSumExp(_logits);
        return new GenerationStep(
            token, text, _logits[token] - logSumExp, LogProbabilities.Top(_logits, logSumExp, count), reason);
    }
}
