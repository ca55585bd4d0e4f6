using Chaku.Model.Tokenizers.Patterns;

namespace Chaku.Model.Tokenizers;

/// <summary>Cuts text into the words that byte-pair encoding merges within.</summary>
internal sealed class PreTokenizer
{
    private SplitPattern[]? _patterns;

    /// <summary>The values of <c>tokenizer.ggml.pre</c> that ask for it.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>
    /// The values of <c>general.architecture</c> whose models were all trained with it, so that a file older than the
    /// key can do without.
    /// </summary>
    public IReadOnlyList<string> Architectures { get; init; } = [];

    /// <summary>
    /// Regular expressions. The first cuts the text into its matches and what lies between them, each further one cuts
    /// those parts again.
    /// </summary>
    public required IReadOnlyList<string> Steps { get; init; }

    /// <summary>Whether a word that is a token is that token, whatever the merges would make of it.</summary>
    public bool IgnoresMerges { get; init; }

    /// <summary>Whether a text begins with BOS where the file does not say.</summary>
    public bool AddsBos { get; init; }

    /// <summary>Cuts the text, in a time proportional to its length.</summary>
    /// <param name="text">UTF-8, valid unless a special token ends inside a character.</param>
    /// <param name="wordLengths">Appended to: the bytes of each word, together all of the text.</param>
    public void Split(ReadOnlySpan<byte> text, List<int> wordLengths)
    {
        SplitPattern[] steps = _patterns ??= [.. Steps.Select(Parse)];
        if (steps.Length == 1)
        {
            steps[0].Split(text, wordLengths);
            return;
        }

        List<int> parts = [text.Length];
        List<int> cut = [];
        foreach (SplitPattern step in steps)
        {
            int start = 0;
            foreach (int length in parts)
            {
                step.Split(text.Slice(start, length), cut);
                start += length;
            }

            (parts, cut) = (cut, parts);
            cut.Clear();
        }

        wordLengths.AddRange(parts);
    }

    private static SplitPattern Parse(string step) => SplitPattern.Parse(
        step, static (expected, found) => new InvalidOperationException($"expected {expected}, found {found}"));
}
