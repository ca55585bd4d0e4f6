using System.Text.Json;
using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>The <c>model</c> of a <c>tokenizer.json</c>, of type BPE.</summary>
internal sealed record BpeFields
{
    /// <summary>The ids of the tokens that merging can make.</summary>
    public required IReadOnlyDictionary<string, int> Ids { get; init; }

    /// <summary>What may be merged, the most urgent first.</summary>
    public required IReadOnlyList<TokenMerge> Merges { get; init; }

    /// <summary>What stands for characters that have no token.</summary>
    public string? UnknownToken { get; init; }

    /// <summary>Whether several such characters in a row are one.</summary>
    public bool FusesUnknown { get; init; }

    /// <summary>Whether such characters are spelled in byte tokens where there are any.</summary>
    public bool FallsBackToBytes { get; init; }

    /// <summary>Whether a piece that is a token is that token, whatever merging would make of it.</summary>
    public bool IgnoresMerges { get; init; }

    /// <summary>Reads the model.</summary>
    /// <exception cref="ModelFormatException">It is another model, or merges in ways not understood.</exception>
    public static BpeFields Read(JsonField field)
    {
        // Files older than the property have BPE's own instead.
        if (field.Find("type") is { } type && type.AsText() != "BPE")
        {
            throw type.Wrong("BPE");
        }

        field.AllowOnly(
            "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk",
            "byte_fallback", "ignore_merges", "vocab", "merges");
        RequireNeutral(field, "dropout");
        RequireNeutral(field, "continuing_subword_prefix");
        RequireNeutral(field, "end_of_word_suffix");
        Dictionary<string, int> ids = ReadVocabulary(field["vocab"]);
        return new()
        {
            Ids = ids,
            Merges = [.. ReadMerges(field["merges"], ids)],
            UnknownToken = field.FindText("unk_token") is { Length: > 0 } unknown
                ? ids.ContainsKey(unknown) ? unknown : throw field["unk_token"].Wrong("a token of the vocabulary")
                : null,
            FusesUnknown = field.FindBoolean("fuse_unk", otherwise: false),
            FallsBackToBytes = field.FindBoolean("byte_fallback", otherwise: false),
            IgnoresMerges = field.FindBoolean("ignore_merges", otherwise: false),
        };
    }

    /// <summary>Reads an object from tokens to ids.</summary>
    /// <exception cref="ModelFormatException">An id is given twice, or is far beyond the number of tokens.</exception>
    public static Dictionary<string, int> ReadVocabulary(JsonField field)
    {
        int count = field.AsObject().Value.GetPropertyCount();
        Dictionary<string, int> ids = new(count, StringComparer.Ordinal);
        HashSet<int> seen = new(count);
        foreach ((string token, JsonField value) in field.Properties())
        {
            int id = value.AsInteger(maximum: TokenIds.Maximum(count));
            if (!seen.Add(id))
            {
                throw value.Wrong($"every id once in {field.Name}", $"{id} again");
            }

            ids.Add(token, id);
        }

        return ids;
    }

    /// <summary>A merge of two tokens into a third; null where not all of them are tokens.</summary>
    public static TokenMerge? Merge(string left, string right, IReadOnlyDictionary<string, int> ids) =>
        ids.TryGetValue(left, out int leftId)
        && ids.TryGetValue(right, out int rightId)
        && ids.TryGetValue(left + right, out int mergedId)
            ? new(leftId, rightId, mergedId)
            : null;

    private static void RequireNeutral(JsonField field, string property)
    {
        if (field.Find(property) is { } value
            && !(value.Kind == JsonValueKind.String && value.AsText().Length == 0)
            && !(value.Kind == JsonValueKind.Number && value.AsNumber() == 0))
        {
            throw value.Wrong("nothing");
        }
    }

    private static IEnumerable<TokenMerge> ReadMerges(JsonField field, Dictionary<string, int> ids)
    {
        foreach (JsonElement element in field.AsList().Value.EnumerateArray())
        {
            JsonField item = new(field.File, field.Name, element);
            (string left, string right) = item.Kind == JsonValueKind.Array ? ReadPair(item) : SplitPair(item);
            yield return Merge(left, right, ids) ?? throw item.Wrong("two tokens that make a third");
        }
    }

    private static (string Left, string Right) ReadPair(JsonField item) => item.Value.GetArrayLength() == 2
        ? ((item with { Value = item.Value[0] }).AsText(), (item with { Value = item.Value[1] }).AsText())
        : throw item.Wrong("two tokens");

    private static (string Left, string Right) SplitPair(JsonField item)
    {
        string line = item.AsText();
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 && line.IndexOf(' ', space + 1) < 0
            ? (line[..space], line[(space + 1)..])
            : throw item.Wrong("two tokens with a space between");
    }
}

/// <summary>Two neighbours that may become one token.</summary>
/// <param name="LeftId">A token.</param>
/// <param name="RightId">The token behind it.</param>
/// <param name="MergedId">What they become.</param>
internal readonly record struct TokenMerge(int LeftId, int RightId, int MergedId);

/// <summary>How large ids may be.</summary>
internal static class TokenIds
{
    /// <summary>The largest id that so many tokens justify; real vocabularies have few holes.</summary>
    public static int Maximum(int tokenCount) => (2 * tokenCount) + 65_535;
}
