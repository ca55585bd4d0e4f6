using Chaku.Model.Adapters;
using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers;

/// <summary>What a model file says of its vocabulary, unchecked; null is what it does not say.</summary>
internal sealed record VocabularySource
{
    /// <summary>The file, for messages.</summary>
    public required string File { get; init; }

    /// <summary>Where in the file the vocabulary ends, for messages.</summary>
    public long Offset { get; init; }

    /// <summary><c>general.architecture</c>.</summary>
    public string? Architecture { get; init; }

    /// <summary><c>tokenizer.ggml.model</c>: the name of a <see cref="TokenizerKind"/>.</summary>
    public required string Kind { get; init; }

    /// <summary><c>tokenizer.ggml.pre</c>: the name of a <see cref="PreTokenizer"/>.</summary>
    public string? PreTokenizer { get; init; }

    /// <summary>The tokens, as spelled in the file (UTF-8).</summary>
    public required IReadOnlyList<byte[]> Tokens { get; init; }

    /// <summary>A score per token: of two possible merges, the higher score is done first.</summary>
    public IReadOnlyList<float>? Scores { get; init; }

    /// <summary>A <see cref="TokenType"/> per token.</summary>
    public IReadOnlyList<int>? Types { get; init; }

    /// <summary>How tokens are found in text, where not by their spelling alone.</summary>
    public IReadOnlyDictionary<int, TokenMatching>? Matching { get; init; }

    /// <summary>Pairs of tokens with a space between, the first to be merged first.</summary>
    public IReadOnlyList<byte[]>? Merges { get; init; }

    /// <summary>Beginning of sequence.</summary>
    public long? BosId { get; init; }

    /// <summary>End of sequence.</summary>
    public long? EosId { get; init; }

    /// <summary>The unknown token.</summary>
    public long? UnknownId { get; init; }

    /// <summary>What fills batches up.</summary>
    public long? PaddingId { get; init; }

    /// <summary>End of a turn in a chat.</summary>
    public long? EotId { get; init; }

    /// <summary>End of a message that expects a tool's answer.</summary>
    public long? EomId { get; init; }

    /// <summary>More tokens that end an answer.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];

    /// <summary>Whether a text begins with BOS.</summary>
    public bool? AddBos { get; init; }

    /// <summary>Whether a text ends with EOS.</summary>
    public bool? AddEos { get; init; }

    /// <summary>Whether a space goes before the text's first word.</summary>
    public bool? AddSpacePrefix { get; init; }

    /// <summary>Reads the keys of a GGUF file.</summary>
    /// <exception cref="ModelFormatException">There is no vocabulary, or a key has a value of another type.</exception>
    public static VocabularySource FromGguf(GgufFile file)
    {
        Metadata metadata = file.Metadata;
        VocabularySource source = new()
        {
            File = file.Path,
            Offset = metadata.EndOffset,
            Architecture = metadata.Find("general.architecture")?.AsString(),
            Kind = metadata[GgufKeys.TokenizerModel].AsString(),
            PreTokenizer = metadata.Find("tokenizer.ggml.pre")?.AsString(),
            Tokens = metadata["tokenizer.ggml.tokens"].AsByteStrings(),
            Scores = metadata.Find("tokenizer.ggml.scores")?.AsSingles(),
            Types = metadata.Find("tokenizer.ggml.token_type")?.AsInt32s(),
            Merges = metadata.Find("tokenizer.ggml.merges")?.AsByteStrings(),
            BosId = metadata.Find("tokenizer.ggml.bos_token_id")?.AsInt64(),
            EosId = metadata.Find("tokenizer.ggml.eos_token_id")?.AsInt64(),
            UnknownId = metadata.Find("tokenizer.ggml.unknown_token_id")?.AsInt64(),
            PaddingId = metadata.Find("tokenizer.ggml.padding_token_id")?.AsInt64(),
            EotId = metadata.Find("tokenizer.ggml.eot_token_id")?.AsInt64(),
            EomId = metadata.Find("tokenizer.ggml.eom_token_id")?.AsInt64(),
            StopIds = AdapterMetadata.StopIdsOf(file),
            AddBos = metadata.Find("tokenizer.ggml.add_bos_token")?.AsBool(),
            AddEos = metadata.Find("tokenizer.ggml.add_eos_token")?.AsBool(),
            AddSpacePrefix = metadata.Find("tokenizer.ggml.add_space_prefix")?.AsBool(),
        };
        return source with { Matching = GgufMatching.Find(source) };
    }
}
