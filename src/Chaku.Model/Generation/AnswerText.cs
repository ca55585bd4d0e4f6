using Chaku.Model.Tokenizers;

namespace Chaku.Model.Generation;

/// <summary>An answer's text as its tokens come: whole characters, up to a stop string.</summary>
internal sealed class AnswerText
{
    private readonly Detokenizer _detokenizer;
    private readonly StopScanner _stops;

    /// <summary>Begins behind a prompt.</summary>
    /// <param name="tokenizer">The tokens' meaning.</param>
    /// <param name="prompt">
    /// The tokens before: an answer is what decoding with it adds to the prompt's own text.
    /// </param>
    /// <param name="stopStrings">Texts that end the answer.</param>
    public AnswerText(Tokenizer tokenizer, ReadOnlySpan<int> prompt, IReadOnlyList<string> stopStrings)
    {
        _detokenizer = new Detokenizer(tokenizer);
        _stops = new StopScanner(stopStrings);
        foreach (int token in prompt)
        {
            _ = _detokenizer.Append(token);
        }
    }

    /// <summary>Whether a stop string has come.</summary>
    public bool HasStopped => _stops.HasStopped;

    /// <summary>The text that is certain with this token.</summary>
    public string Append(int token) => _stops.Append(_detokenizer.Append(token));

    /// <summary>The rest, when no more tokens come.</summary>
    public string Flush() => _stops.Append(_detokenizer.Flush()) + _stops.Flush();
}
