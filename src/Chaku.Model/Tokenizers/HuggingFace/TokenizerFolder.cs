namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>What a Hugging Face folder says of text: how it becomes tokens, chats and answers.</summary>
internal sealed record TokenizerFolder
{
    /// <summary>Null where the folder has no vocabulary.</summary>
    public Tokenizer? Tokenizer { get; private init; }

    /// <summary>The model's own template of chats, in Jinja; null where it has none.</summary>
    public string? ChatTemplate { get; private init; }

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
        return new()
        {
            Tokenizer = ReadTokenizer(path, config, tokenCount),
            ChatTemplate = config.ChatTemplate,
        };
    }

    private static Tokenizer? ReadTokenizer(string folder, TokenizerConfig config, int tokenCount)
    {
        string json = Path.Combine(folder, TokenizerJson.FileName);
        string sentencePiece = Path.Combine(folder, SentencePieceModel.FileName);
        return File.Exists(json) ? TokenizerJson.Read(json).Build(config, tokenCount)
            : File.Exists(sentencePiece) ? SentencePieceModel.Read(sentencePiece).Build(config, tokenCount)
            : File.Exists(Path.Combine(folder, VocabularyAndMerges.VocabularyName))
                && File.Exists(Path.Combine(folder, VocabularyAndMerges.MergesName))
                ? VocabularyAndMerges.Read(folder, config).Build(config, tokenCount)
            : null;
    }
}
