namespace Chaku.Model.Tokenizers.Patterns;

/// <summary>
/// A regular expression over code points of UTF-8 that cuts text, in a time proportional to its length.
/// </summary>
/// <remarks>
/// .NET's own expressions see UTF-16, so that <c>\p{L}</c> misses every letter beyond the first plane, and take
/// exponential time on hostile patterns. Safe to share between threads.
/// </remarks>
internal sealed class SplitPattern
{
    private readonly Func<string, string, Exception> _refuse;

    private SplitPattern(string source, PatternNode node, Func<string, string, Exception> refuse)
    {
        Source = source;
        Program = new(node);
        _refuse = refuse;
    }

    /// <summary>The expression.</summary>
    public string Source { get; }

    /// <summary>Its instructions.</summary>
    public PatternProgram Program { get; }

    /// <summary>Reads an expression as Oniguruma reads it (see <see cref="PatternParser"/>).</summary>
    /// <param name="source">The expression.</param>
    /// <param name="refuse">
    /// Makes the exception for an expression that cannot be read, or that takes too long on a text: what was expected,
    /// what was found.
    /// </param>
    public static SplitPattern Parse(string source, Func<string, string, Exception> refuse)
    {
        try
        {
            return new(source, PatternParser.Parse(source), refuse);
        }
        catch (FormatException reason)
        {
            throw refuse(
                $"a regular expression of the kind that cuts text ({reason.Message})",
                ModelFormatException.Quote(source));
        }
    }

    /// <summary>The pattern that matches this text and nothing else.</summary>
    public static SplitPattern Literal(string text, Func<string, string, Exception> refuse) => new(
        text,
        new SequenceNode([.. text.EnumerateRunes().Select(
            static rune => new SetNode(PatternSetParser.Single(rune.Value, ignoresCase: false)))]),
        refuse);

    /// <summary>The matches from left to right, none overlapping another.</summary>
    /// <param name="text">UTF-8; bytes that are none count as U+FFFD.</param>
    public PatternSearch Search(ReadOnlySpan<byte> text) => new(this, text);

    /// <summary>Cuts the text into its matches and what lies between them.</summary>
    /// <param name="text">UTF-8; bytes that are none count as U+FFFD.</param>
    /// <param name="lengths">Appended to: the bytes of each part, none of them 0, together all of the text.</param>
    public void Split(ReadOnlySpan<byte> text, List<int> lengths)
    {
        int end = 0;
        for (PatternSearch search = Search(text); search.MoveNext(); end = search.End)
        {
            AddLength(search.Start - end, lengths);
            AddLength(search.End - search.Start, lengths);
        }

        AddLength(text.Length - end, lengths);
    }

    /// <summary>The exception for a search that takes too long.</summary>
    public Exception RefuseSlowness(int length, long steps) => _refuse(
        "a regular expression that cuts text in a time proportional to its length",
        $"{steps} steps on {length} bytes for {ModelFormatException.Quote(Source)}");

    private static void AddLength(int length, List<int> lengths)
    {
        if (length > 0)
        {
            lengths.Add(length);
        }
    }
}
