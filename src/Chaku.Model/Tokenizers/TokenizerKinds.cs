namespace Chaku.Model.Tokenizers;

/// <summary>The table of tokenizers. A new one is one file and one entry here.</summary>
internal static class TokenizerKinds
{
    /// <summary>Every kind this software can read.</summary>
    public static IReadOnlyList<TokenizerKind> All { get; } =
    [
        new()
        {
            Name = "llama",
            Create = static vocabulary => new SentencePieceTokenizer(vocabulary),
            AddBos = true,
            AddSpacePrefix = true,
            BosId = 1,
            EosId = 2,
            UnknownId = 0,
        },
        new() { Name = "gpt2", Create = static vocabulary => new ByteLevelBpeTokenizer(vocabulary) },
    ];

    /// <summary>The entry of that name.</summary>
    /// <exception cref="ModelFormatException">There is none; the message has both the name and the table's.</exception>
    public static TokenizerKind Find(VocabularySource source) =>
        All.FirstOrDefault(kind => kind.Name == source.Kind) ?? throw new ModelFormatException(
            source.File,
            source.Offset,
            $"tokenizer.ggml.model to be one of {string.Join(", ", All.Select(static kind => kind.Name))}",
            ModelFormatException.Quote(source.Kind));
}
