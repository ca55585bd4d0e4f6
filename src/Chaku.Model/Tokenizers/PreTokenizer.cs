namespace Chaku.Model.Tokenizers;

/// <summary>Cuts text into the words that byte-pair encoding merges within.</summary>
internal abstract class PreTokenizer
{
    /// <summary>The values of <c>tokenizer.ggml.pre</c> that ask for it.</summary>
    public abstract IReadOnlyList<string> Names { get; }

    /// <summary>
    /// The values of <c>general.architecture</c> whose models were all trained with it, so that a file older than the
    /// key can do without.
    /// </summary>
    public virtual IReadOnlyList<string> Architectures => [];

    /// <summary>Cuts the text, in a time proportional to its length.</summary>
    /// <param name="text">UTF-8, valid unless a special token ends inside a character.</param>
    /// <param name="wordLengths">Appended to: the bytes of each word, together all of the text.</param>
    public abstract void Split(ReadOnlySpan<byte> text, List<int> wordLengths);
}
