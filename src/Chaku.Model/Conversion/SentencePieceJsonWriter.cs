using System.Text.Json;
using Chaku.Model.Tokenizers;

namespace Chaku.Model.Conversion;

/// <summary>
/// Writes a SentencePiece vocabulary as <c>tokenizer.json</c>, for the many readers that have no other: merges take the
/// place of scores.
/// </summary>
/// <param name="vocabulary">A vocabulary with scores.</param>
/// <remarks>Source: <c>LlamaConverter</c> in the transformers library's <c>convert_slow_tokenizer.py</c>.</remarks>
internal sealed class SentencePieceJsonWriter(Vocabulary vocabulary) : TokenizerJsonWriter(vocabulary)
{
    private const string SpaceMark = "\u2581";

    /// <inheritdoc/>
    protected override bool FallsBackToBytes => true;

    /// <inheritdoc/>
    protected override bool IgnoresMerges => false;

    /// <inheritdoc/>
    protected override string? UnknownToken => Vocabulary.Spell(Vocabulary.UnknownId);

    /// <inheritdoc/>
    protected override void WriteSteps(Utf8JsonWriter json)
    {
        json.WriteStartObject("normalizer");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("normalizers");
        if (Vocabulary.AddSpacePrefix)
        {
            json.WriteStartObject();
            json.WriteString("type", "Prepend");
            json.WriteString("prepend", SpaceMark);
            json.WriteEndObject();
        }

        WriteReplace(json, " ", SpaceMark);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteNull("pre_tokenizer");
    }

    /// <inheritdoc/>
    protected override void WriteEmptyFrame(Utf8JsonWriter json) => json.WriteNull("post_processor");

    /// <inheritdoc/>
    protected override void WriteDecoder(Utf8JsonWriter json)
    {
        json.WriteStartObject("decoder");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("decoders");
        WriteReplace(json, SpaceMark, " ");
        foreach (string type in (string[])["ByteFallback", "Fuse"])
        {
            json.WriteStartObject();
            json.WriteString("type", type);
            json.WriteEndObject();
        }

        if (Vocabulary.AddSpacePrefix)
        {
            json.WriteStartObject();
            json.WriteString("type", "Strip");
            json.WriteString("content", " ");
            json.WriteNumber("start", 1);
            json.WriteNumber("stop", 0);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>
    /// Every two tokens that make a third, by its score; of the cuts of one, the longest left part first.
    /// </summary>
    /// <inheritdoc/>
    protected override IEnumerable<(string Left, string Right)> Merges()
    {
        HashSet<string> all = [.. Enumerable.Range(0, Vocabulary.Count).Select(id => Vocabulary.Spell(id)!)];
        return
            from id in Enumerable.Range(0, Vocabulary.Count)
            where Vocabulary.TypeOf(id) == TokenType.Normal
            let piece = Vocabulary.Spell(id)!
            where !piece.Contains(' ') && Vocabulary.Find(piece) == id
            orderby Vocabulary.Source.Scores![id] descending
            from cut in Enumerable.Range(1, Math.Max(0, piece.Length - 1)).Reverse()
            where all.Contains(piece[..cut]) && all.Contains(piece[cut..])
            select (piece[..cut], piece[cut..]);
    }

    private static void WriteReplace(Utf8JsonWriter json, string pattern, string content)
    {
        json.WriteStartObject();
        json.WriteString("type", "Replace");
        json.WriteStartObject("pattern");
        json.WriteString("String", pattern);
        json.WriteEndObject();
        json.WriteString("content", content);
        json.WriteEndObject();
    }
}
