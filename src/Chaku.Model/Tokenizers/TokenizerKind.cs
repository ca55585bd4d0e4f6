namespace Chaku.Model.Tokenizers;

/// <summary>
/// One value of <c>tokenizer.ggml.model</c>: how its tokenizer is made, and what holds where a file is silent.
/// </summary>
internal sealed record TokenizerKind
{
    /// <summary>The value.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Makes the tokenizer; throws <see cref="ModelFormatException"/> where the vocabulary does not serve it.
    /// </summary>
    public required Func<Vocabulary, Tokenizer> Create { get; init; }

    /// <summary>Whether a text begins with BOS.</summary>
    public bool AddBos { get; init; }

    /// <summary>Whether a space goes before the text's first word.</summary>
    public bool AddSpacePrefix { get; init; }

    /// <summary>Beginning of sequence.</summary>
    public int? BosId { get; init; }

    /// <summary>End of sequence.</summary>
    public int? EosId { get; init; }

    /// <summary>The unknown token.</summary>
    public int? UnknownId { get; init; }
}
