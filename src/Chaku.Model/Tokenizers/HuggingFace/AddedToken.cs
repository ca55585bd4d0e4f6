using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>A token that is found in text by its spelling, before anything is merged.</summary>
internal sealed record AddedToken
{
    /// <summary>The token.</summary>
    public required int Id { get; init; }

    /// <summary>Its spelling.</summary>
    public required string Content { get; init; }

    /// <summary>Whether it is a mark, and no text.</summary>
    public bool IsSpecial { get; init; }

    /// <summary>How its spelling is found.</summary>
    public TokenMatching Matching { get; init; }

    /// <summary>Reads an entry of <c>added_tokens</c>.</summary>
    /// <param name="field">The entry.</param>
    /// <param name="maximumId">The largest id that the file may give.</param>
    public static AddedToken Read(JsonField field, int maximumId)
    {
        field.AllowOnly("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");
        return Create(field, field["id"].AsInteger(maximum: maximumId));
    }

    /// <summary>Reads an entry of <c>added_tokens_decoder</c>, whose id is its name.</summary>
    public static AddedToken ReadNamed(JsonField field, int id)
    {
        field.AllowOnly("content", "single_word", "lstrip", "rstrip", "normalized", "special", "__type");
        return Create(field, id);
    }

    private static AddedToken Create(JsonField field, int id)
    {
        string content = field["content"].AsText();
        bool isSpecial = field.FindBoolean("special", otherwise: false);
        TokenMatching matching =
            (field.FindBoolean("single_word", otherwise: false) ? TokenMatching.WholeWord : 0)
            | (field.FindBoolean("lstrip", otherwise: false) ? TokenMatching.StripLeft : 0)
            | (field.FindBoolean("rstrip", otherwise: false) ? TokenMatching.StripRight : 0)
            | (!isSpecial && field.FindBoolean("normalized", otherwise: true) ? TokenMatching.Normalised : 0);
        return content.Length > 0
            ? new() { Id = id, Content = content, IsSpecial = isSpecial, Matching = matching }
            : throw field["content"].Wrong("at least a character");
    }
}
