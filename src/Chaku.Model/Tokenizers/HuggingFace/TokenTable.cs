using System.Text;

namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>Gathers tokens that come with their ids, in any order and from several files.</summary>
/// <param name="file">The file, for messages.</param>
internal sealed class TokenTable(string file)
{
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<int, (string Token, TokenType Type)> _tokens = [];
    private readonly Dictionary<int, TokenMatching> _matching = [];

    /// <summary>Adds a token.</summary>
    /// <exception cref="ModelFormatException">The token has another id, or the id another token.</exception>
    public void Add(string token, int id, TokenType type)
    {
        if ((_ids.TryGetValue(token, out int otherId) && otherId != id)
            || (_tokens.TryGetValue(id, out (string Token, TokenType Type) other) && other.Token != token))
        {
            throw new ModelFormatException(
                file,
                0,
                "every token with one id, and every id with one token",
                $"{ModelFormatException.Quote(token)} with id {id}, which is taken or not its first");
        }

        _ids[token] = id;
        _tokens[id] = (token, type);
    }

    /// <summary>Adds a token that is found in text by its spelling; one that was there becomes such a one.</summary>
    /// <exception cref="ModelFormatException">The token has another id, or the id another token.</exception>
    public void Add(AddedToken added)
    {
        Add(added.Content, added.Id, added.IsSpecial ? TokenType.Control : TokenType.UserDefined);
        _matching[added.Id] = added.Matching;
    }

    /// <summary>The token's id; null where no token is asked for.</summary>
    /// <exception cref="ModelFormatException">There is no such token.</exception>
    public int? Find(string? token, string what) => token is null
        ? null
        : _ids.TryGetValue(token, out int id)
            ? id
            : throw new ModelFormatException(
                file, 0, $"a token {ModelFormatException.Quote(token)}, which is the {what}", "none");

    /// <summary>What has been gathered.</summary>
    /// <param name="kind">The kind of tokenizer.</param>
    /// <param name="tokenCount">How many tokens there are at least.</param>
    /// <exception cref="ModelFormatException">An id is far beyond the number of tokens.</exception>
    public VocabularySource ToSource(string kind, int tokenCount)
    {
        int last = _tokens.Count == 0 ? -1 : _tokens.Keys.Max();
        if (last > TokenIds.Maximum(_tokens.Count))
        {
            throw new ModelFormatException(
                file, 0, $"ids up to {TokenIds.Maximum(_tokens.Count)} for {_tokens.Count} tokens", $"{last}");
        }

        byte[][] tokens = new byte[Math.Max(last + 1, tokenCount)][];
        int[] types = new int[tokens.Length];
        Array.Fill(tokens, []);
        Array.Fill(types, (int)TokenType.Unused);
        foreach ((int id, (string token, TokenType type)) in _tokens)
        {
            tokens[id] = Encoding.UTF8.GetBytes(token);
            types[id] = (int)type;
        }

        return new() { File = file, Kind = kind, Tokens = tokens, Types = types, Matching = _matching };
    }
}
