namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>What a Hugging Face folder says of text: how it becomes tokens, chats and answers.</summary>
internal sealed record TokenizerFolder
{
    private readonly TokenizerConfig _config;

    private TokenizerFolder(string path, TokenizerConfig config)
    {
        Path = path;
        _config = config;
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Null where the folder has no vocabulary.</summary>
    public Tokenizer? Tokenizer { get; private init; }

    /// <summary>What the files say of byte-pair encoding; null where it is SentencePiece's, or there is none.</summary>
    public TokenizerDefinition? Definition { get; private init; }

    /// <summary>The model's own template of chats, in Jinja; null where it has none.</summary>
    public string? ChatTemplate { get; private init; }

    /// <summary>Templates for other uses, such as tools.</summary>
    public IReadOnlyList<NamedTemplate> NamedTemplates { get; private init; } = [];

    /// <summary>Reads the folder.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="tokenCount">
    /// How many tokens the model has scores for; those that no file names are unused, and stand for nothing.
    /// </param>
    /// <exception cref="ModelFormatException">A file is broken, or asks for what is not understood.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading is not permitted.</exception>
    public static TokenizerFolder Open(string path, int tokenCount = 0)
    {
        TokenizerConfig config =
            TokenizerConfig.Read(path) with { StopIds = StopTokens.Read(path) };
        TokenizerDefinition? definition = ReadDefinition(path, config);
        return new(path, config)
        {
            Tokenizer = definition?.Build(config, tokenCount) ?? ReadSentencePiece(path, config, tokenCount),
            Definition = definition,
            ChatTemplate = config.ChatTemplate,
            NamedTemplates = config.NamedTemplates,
        };
    }

    /// <summary>The tokenizer of the folder's SentencePiece file, whatever others there are; null without it.</summary>
    /// <inheritdoc cref="Open"/>
    public Tokenizer? OpenSentencePiece(int tokenCount) => ReadSentencePiece(Path, _config, tokenCount);

    private static TokenizerDefinition? ReadDefinition(string folder, TokenizerConfig config)
    {
        string json = System.IO.Path.Combine(folder, TokenizerJson.FileName);
        return File.Exists(json) ? TokenizerJson.Read(json)
            : !File.Exists(System.IO.Path.Combine(folder, SentencePieceModel.FileName))
                && File.Exists(System.IO.Path.Combine(folder, VocabularyAndMerges.VocabularyName))
                && File.Exists(System.IO.Path.Combine(folder, VocabularyAndMerges.MergesName))
                ? VocabularyAndMerges.Read(folder, config)
            : null;
    }

    private static Tokenizer? ReadSentencePiece(string folder, TokenizerConfig config, int tokenCount)
    {
        string path = System.IO.Path.Combine(folder, SentencePieceModel.FileName);
        return File.Exists(path) ? SentencePieceModel.Read(path).Build(config, tokenCount) : null;
    }
}
