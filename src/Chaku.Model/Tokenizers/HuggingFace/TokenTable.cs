using System.Text;

namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>Gathers tokens that come with their ids, in any order and from several files.</summary>
internal sealed class TokenTable
{
    private readonly string _file;
    private readonly Dictionary<string, int> _ids;
    private readonly List<string?> _tokens = [];
    private readonly List<TokenType> _types = [];
    private readonly Dictionary<int, TokenMatching> _matching = [];
    private readonly int _maximumId;

    /// <summary>Begins with the tokens of a model.</summary>
    /// <param name="file">The file, for messages.</param>
    /// <param name="ids">The tokens; no id twice.</param>
    /// <param name="addedCount">How many more there will be at most.</param>
    /// <exception cref="ModelFormatException">An id is far beyond the number of tokens.</exception>
    public TokenTable(string file, IReadOnlyDictionary<string, int> ids, int addedCount)
    {
        _file = file;
        _ids = new(ids, StringComparer.Ordinal);
        _maximumId = TokenIds.Maximum(ids.Count + addedCount);
        foreach ((string token, int id) in ids)
        {
            Place(token, id, TokenType.Normal);
        }
    }

    /// <summary>Says what kind of token it is.</summary>
    public void Mark(int id, TokenType type) => _types[id] = type;

    /// <summary>
    /// Adds a token that is found in text by its spelling; one of the model's becomes such a one, and of two the first
    /// counts.
    /// </summary>
    /// <exception cref="ModelFormatException">
    /// The token has another id, the id another token, or it is far beyond the number of tokens.
    /// </exception>
    public void Add(AddedToken added)
    {
        bool isTaken = added.Id < _tokens.Count && _tokens[added.Id] is { } other && other != added.Content;
        if (isTaken || !(_ids.TryAdd(added.Content, added.Id) || _ids[added.Content] == added.Id))
        {
            throw new ModelFormatException(
                _file,
                0,
                "every token with one id, and every id with one token",
                $"{ModelFormatException.Quote(added.Content)} with id {added.Id}, and one of them with another");
        }

        if (_matching.TryAdd(added.Id, added.Matching))
        {
            Place(added.Content, added.Id, added.IsSpecial ? TokenType.Control : TokenType.UserDefined);
        }
    }

    /// <summary>The token's id; null where no token is asked for.</summary>
    /// <exception cref="ModelFormatException">There is no such token.</exception>
    public int? Find(string? token, string what) => token is null
        ? null
        : _ids.TryGetValue(token, out int id)
            ? id
            : throw new ModelFormatException(
                _file, 0, $"a token {ModelFormatException.Quote(token)}, which is the {what}", "none");

    /// <summary>The token's id; null where no token is asked for, or there is none such.</summary>
    public int? FindIfThere(string? token) => token is not null && _ids.TryGetValue(token, out int id) ? id : null;

    /// <summary>What has been gathered.</summary>
    /// <param name="kind">The kind of tokenizer.</param>
    /// <param name="tokenCount">
    /// How many tokens the model has scores for, 0 where nobody says: those that nobody named are unused, and added
    /// ones beyond them, such as a padding token of the trainer's, are none.
    /// </param>
    public VocabularySource ToSource(string kind, int tokenCount)
    {
        while (tokenCount > 0 && _tokens.Count > tokenCount && _matching.Remove(_tokens.Count - 1))
        {
            _tokens.RemoveAt(_tokens.Count - 1);
            _types.RemoveAt(_types.Count - 1);
        }

        while (_tokens.Count < tokenCount)
        {
            _tokens.Add(null);
            _types.Add(TokenType.Unused);
        }

        return new()
        {
            File = _file,
            Kind = kind,
            Tokens = [.. _tokens.Select(static token => token is null ? [] : Encoding.UTF8.GetBytes(token))],
            Types = [.. _types.Select(static type => (int)type)],
            Matching = _matching,
        };
    }

    private void Place(string token, int id, TokenType type)
    {
        if (id < 0 || id > _maximumId)
        {
            throw new ModelFormatException(
                _file, 0, $"an id from 0 to {_maximumId} for {ModelFormatException.Quote(token)}", $"{id}");
        }

        while (_tokens.Count <= id)
        {
            _tokens.Add(null);
            _types.Add(TokenType.Unused);
        }

        _tokens[id] = token;
        _types[id] = type;
    }
}
