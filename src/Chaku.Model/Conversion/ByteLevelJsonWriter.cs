using System.Text;
using System.Text.Json;
using Chaku.Model.Tokenizers;

namespace Chaku.Model.Conversion;

/// <summary>Writes a byte-level vocabulary as <c>tokenizer.json</c>.</summary>
/// <param name="vocabulary">A vocabulary with merges and a pre-tokenizer.</param>
internal sealed class ByteLevelJsonWriter(Vocabulary vocabulary) : TokenizerJsonWriter(vocabulary)
{
    private readonly PreTokenizer _words = PreTokenizers.Find(vocabulary);

    /// <inheritdoc/>
    protected override bool FallsBackToBytes => false;

    /// <inheritdoc/>
    protected override bool IgnoresMerges => _words.IgnoresMerges;

    /// <inheritdoc/>
    protected override string? UnknownToken =>
        Vocabulary.UnknownId is { } id && Vocabulary.TypeOf(id) == TokenType.Unknown ? Vocabulary.Spell(id) : null;

    /// <inheritdoc/>
    protected override void WriteSteps(Utf8JsonWriter json)
    {
        json.WriteNull("normalizer");
        json.WriteStartObject("pre_tokenizer");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("pretokenizers");
        foreach (string step in _words.Steps)
        {
            json.WriteStartObject();
            json.WriteString("type", "Split");
            json.WriteStartObject("pattern");
            json.WriteString("Regex", step);
            json.WriteEndObject();
            json.WriteString("behavior", "Isolated");
            json.WriteBoolean("invert", false);
            json.WriteEndObject();
        }

        WriteByteLevel(json);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <inheritdoc/>
    protected override void WriteEmptyFrame(Utf8JsonWriter json)
    {
        json.WritePropertyName("post_processor");
        WriteByteLevel(json);
    }

    /// <inheritdoc/>
    protected override void WriteDecoder(Utf8JsonWriter json)
    {
        json.WritePropertyName("decoder");
        WriteByteLevel(json);
    }

    // Merges of what are no tokens can never happen, and other readers refuse them.
    /// <inheritdoc/>
    protected override IEnumerable<(string Left, string Right)> Merges()
    {
        foreach (byte[] line in Vocabulary.Source.Merges!)
        {
            string merge = Encoding.UTF8.GetString(line);
            int space = merge.Length > 1 ? merge.IndexOf(' ', 1) : -1;
            if (space > 0
                && Vocabulary.Find(merge[..space]) is not null
                && Vocabulary.Find(merge[(space + 1)..]) is not null
                && Vocabulary.Find(merge[..space] + merge[(space + 1)..]) is not null)
            {
                yield return (merge[..space], merge[(space + 1)..]);
            }
        }
    }

    private static void WriteByteLevel(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", false);
        json.WriteBoolean("trim_offsets", true);
        json.WriteBoolean("use_regex", false);
        json.WriteEndObject();
    }
}
