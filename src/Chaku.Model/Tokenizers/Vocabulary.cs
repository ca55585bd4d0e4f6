using System.Text;

namespace Chaku.Model.Tokenizers;

/// <summary>A model's tokens, checked: every array has an entry per token, every special id exists.</summary>
internal sealed class Vocabulary
{
    /// <summary>
    /// Tokens that end an answer whatever a file's types and special ids say: their spelling is a convention of chat
    /// models, and converters have marked them wrongly.
    /// </summary>
    private static readonly string[] EndOfAnswer =
    [
        "<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<|endoftext|>", "<|end_of_text|>", "<end_of_turn>",
        "<EOT>", "[EOT]", "<｜end▁of▁sentence｜>", "<end_of_utterance>",
    ];

    private readonly Dictionary<byte[], int> _ids;
    private readonly TokenType[] _types;

    /// <summary>Checks what a file says.</summary>
    /// <exception cref="ModelFormatException">The kind is unknown, or an array is shorter than the tokens.</exception>
    public Vocabulary(VocabularySource source)
        : this(source, TokenizerKinds.Find(source))
    {
    }

    /// <summary>Checks what a file says.</summary>
    /// <exception cref="ModelFormatException">An array is shorter than the tokens.</exception>
    public Vocabulary(VocabularySource source, TokenizerKind kind)
    {
        Source = source;
        Kind = kind;
        CheckLength("tokenizer.ggml.scores", source.Scores?.Count);
        CheckLength("tokenizer.ggml.token_type", source.Types?.Count);
        if (source.Tokens.Count == 0)
        {
            throw Refuse("at least one token in tokenizer.ggml.tokens", "none");
        }

        _types = ReadTypes(source);
        _ids = Index(source.Tokens);
        BosId = Existing(source.BosId ?? Kind.BosId);
        EosId = Existing(source.EosId ?? Kind.EosId);
        UnknownId = Existing(source.UnknownId ?? Kind.UnknownId);
        PaddingId = Existing(source.PaddingId);
        AddBos = BosId is not null
            && (source.AddBos ?? (Kind.AddBos || PreTokenizers.Find(source) is { AddsBos: true }));
        AddEos = (source.AddEos ?? false) && EosId is not null;
        AddSpacePrefix = source.AddSpacePrefix ?? Kind.AddSpacePrefix;
        EndOfGeneration = FindEndOfGeneration();
        ProtectMarks();
    }

    /// <summary>What the file says.</summary>
    public VocabularySource Source { get; }

    /// <summary>The table entry.</summary>
    public TokenizerKind Kind { get; }

    /// <summary>The number of tokens.</summary>
    public int Count => _types.Length;

    /// <summary>Beginning of sequence, if the vocabulary has it.</summary>
    public int? BosId { get; }

    /// <summary>End of sequence, if the vocabulary has it.</summary>
    public int? EosId { get; }

    /// <summary>What stands for text that cannot be spelled, if the vocabulary has it.</summary>
    public int? UnknownId { get; }

    /// <summary>What fills batches up, if the vocabulary has it.</summary>
    public int? PaddingId { get; }

    /// <summary>Whether a text begins with <see cref="BosId"/>.</summary>
    public bool AddBos { get; }

    /// <summary>Whether a text ends with <see cref="EosId"/>.</summary>
    public bool AddEos { get; }

    /// <summary>Whether a space goes before the text's first word.</summary>
    public bool AddSpacePrefix { get; }

    /// <summary>The tokens after which there is nothing more to generate.</summary>
    public IReadOnlySet<int> EndOfGeneration { get; }

    /// <summary>The token's spelling in the file, UTF-8.</summary>
    public ReadOnlySpan<byte> SpellingOf(int id) => Source.Tokens[id];

    /// <summary>The token's spelling in the file, or null for none.</summary>
    public string? Spell(int? id) => id is { } token ? Encoding.UTF8.GetString(SpellingOf(token)) : null;

    /// <summary>What kind of token it is.</summary>
    public TokenType TypeOf(int id) => _types[id];

    /// <summary>How the token is found in text, where its spelling stands for it.</summary>
    public TokenMatching MatchingOf(int id) =>
        Source.Matching?.GetValueOrDefault(id) ?? TokenMatching.Anywhere;

    /// <summary>Whether the token is a mark, and no text.</summary>
    public bool IsMark(int id) => _types[id] is TokenType.Control or TokenType.Unknown;

    /// <summary>The first token with that spelling, or null.</summary>
    public int? Find(string spelling) =>
        _ids.TryGetValue(Encoding.UTF8.GetBytes(spelling), out int id) ? id : null;

    /// <summary>The first token with that spelling, if plain text may become it.</summary>
    public bool TryFindText(ReadOnlySpan<byte> spelling, out int id) =>
        _ids.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(spelling, out id)
        && IsText(id);

    /// <summary>Whether plain text may become the token.</summary>
    public bool IsText(int id) => _types[id] is not (TokenType.Control or TokenType.Unknown or TokenType.Byte);

    /// <summary>The exception that names this vocabulary's file.</summary>
    public ModelFormatException Refuse(string expected, string found) =>
        new(Source.File, Source.Offset, expected, found);

    private static TokenType[] ReadTypes(VocabularySource source)
    {
        TokenType[] types = new TokenType[source.Tokens.Count];
        Array.Fill(types, TokenType.Normal);
        for (int id = 0; id < types.Length && source.Types is not null; id++)
        {
            TokenType type = (TokenType)source.Types[id];
            types[id] = Enum.IsDefined(type) ? type : TokenType.Undefined;
        }

        return types;
    }

    private static Dictionary<byte[], int> Index(IReadOnlyList<byte[]> tokens)
    {
        Dictionary<byte[], int> ids = new(tokens.Count, Utf8Comparer.Instance);
        for (int id = 0; id < tokens.Count; id++)
        {
            if (tokens[id].Length > 0)
            {
                _ = ids.TryAdd(tokens[id], id);
            }
        }

        return ids;
    }

    private HashSet<int> FindEndOfGeneration()
    {
        HashSet<int> ends = [];
        IEnumerable<int?> named = [EosId, Existing(Source.EotId), Existing(Source.EomId)];
        IEnumerable<int?> more = Source.StopIds.Select(id => Existing(id));
        foreach (int? id in named.Concat(more).Concat(EndOfAnswer.Select(Find)))
        {
            if (id is { } end)
            {
                _ = ends.Add(end);
            }
        }

        return ends;
    }

    /// <summary>Text that is spelled like a mark must not become it, whatever type the file gives the token.</summary>
    private void ProtectMarks()
    {
        IEnumerable<int?> named = [Existing(Source.BosId), Existing(Source.EosId), Existing(Source.EotId)];
        foreach (int? id in named.Append(Existing(Source.EomId)).Concat(EndOfAnswer.Select(Find)))
        {
            if (id is { } mark)
            {
                _types[mark] = TokenType.Control;
            }
        }
    }

    private int? Existing(long? id) => id >= 0 && id < Count ? (int)id : null;

    private void CheckLength(string key, int? count)
    {
        if (count < Source.Tokens.Count)
        {
            throw Refuse($"{Source.Tokens.Count} entries in {key}, one per token", $"{count}");
        }
    }
}
