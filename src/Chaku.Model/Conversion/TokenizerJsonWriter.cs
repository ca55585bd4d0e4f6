using System.Text;
using System.Text.Json;
using Chaku.Model.Files;
using Chaku.Model.Tokenizers;

namespace Chaku.Model.Conversion;

/// <summary>Writes a byte-level vocabulary as <c>tokenizer.json</c>.</summary>
/// <remarks>Source: the format of Hugging Face's tokenizers 0.22, and its documentation.</remarks>
internal static class TokenizerJsonWriter
{
    /// <summary>The bytes of the file.</summary>
    /// <param name="vocabulary">A vocabulary with merges and a pre-tokenizer.</param>
    /// <param name="remarks">Gets what had to be left out.</param>
    public static byte[] ToBytes(Vocabulary vocabulary, List<string> remarks) => JsonBytes.Of(json =>
    {
        PreTokenizer words = PreTokenizers.Find(vocabulary);
        json.WriteString("version", "1.0");
        json.WriteNull("truncation");
        json.WriteNull("padding");
        WriteAdded(json, vocabulary);
        json.WriteNull("normalizer");
        WriteSteps(json, words);
        WriteFrame(json, vocabulary);
        WriteByteLevel(json, "decoder");
        WriteModel(json, vocabulary, words, remarks);
    });

    private static void WriteAdded(Utf8JsonWriter json, Vocabulary vocabulary)
    {
        json.WriteStartArray("added_tokens");
        foreach (int id in TokenizerFiles.AddedIds(vocabulary))
        {
            json.WriteStartObject();
            json.WriteNumber("id", id);
            TokenizerFiles.WriteAdded(json, vocabulary, id);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteSteps(Utf8JsonWriter json, PreTokenizer words)
    {
        json.WriteStartObject("pre_tokenizer");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("pretokenizers");
        foreach (string step in words.Steps)
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

        WriteByteLevel(json, null);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteByteLevel(Utf8JsonWriter json, string? name)
    {
        if (name is not null)
        {
            json.WritePropertyName(name);
        }

        json.WriteStartObject();
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", false);
        json.WriteBoolean("trim_offsets", true);
        json.WriteBoolean("use_regex", false);
        json.WriteEndObject();
    }

    private static void WriteFrame(Utf8JsonWriter json, Vocabulary vocabulary)
    {
        string? before = vocabulary.AddBos ? vocabulary.Spell(vocabulary.BosId) : null;
        string? after = vocabulary.AddEos ? vocabulary.Spell(vocabulary.EosId) : null;
        if (before is null && after is null)
        {
            WriteByteLevel(json, "post_processor");
            return;
        }

        json.WriteStartObject("post_processor");
        json.WriteString("type", "TemplateProcessing");
        WriteTemplate(json, "single", before, after, ["A"]);
        WriteTemplate(json, "pair", before, after, ["A", "B"]);
        json.WriteStartObject("special_tokens");
        foreach (string token in ((string?[])[before, after]).OfType<string>().Distinct())
        {
            json.WriteStartObject(token);
            json.WriteString("id", token);
            json.WriteStartArray("ids");
            json.WriteNumberValue(vocabulary.Find(token)!.Value);
            json.WriteEndArray();
            json.WriteStartArray("tokens");
            json.WriteStringValue(token);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteTemplate(
        Utf8JsonWriter json, string name, string? before, string? after, string[] sequences)
    {
        json.WriteStartArray(name);
        for (int type = 0; type < sequences.Length; type++)
        {
            WritePart(json, "SpecialToken", before, type);
            WritePart(json, "Sequence", sequences[type], type);
            WritePart(json, "SpecialToken", after, type);
        }

        json.WriteEndArray();
    }

    private static void WritePart(Utf8JsonWriter json, string kind, string? id, int type)
    {
        if (id is not null)
        {
            json.WriteStartObject();
            json.WriteStartObject(kind);
            json.WriteString("id", id);
            json.WriteNumber("type_id", type);
            json.WriteEndObject();
            json.WriteEndObject();
        }
    }

    private static void WriteModel(
        Utf8JsonWriter json, Vocabulary vocabulary, PreTokenizer words, List<string> remarks)
    {
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteNull("dropout");
        bool hasUnknown = vocabulary.UnknownId is { } id && vocabulary.TypeOf(id) == TokenType.Unknown;
        json.WriteString("unk_token", hasUnknown ? vocabulary.Spell(vocabulary.UnknownId) : null);
        json.WriteNull("continuing_subword_prefix");
        json.WriteNull("end_of_word_suffix");
        json.WriteBoolean("fuse_unk", false);
        json.WriteBoolean("byte_fallback", false);
        json.WriteBoolean("ignore_merges", words.IgnoresMerges);
        json.WriteStartObject("vocab");
        int leftOut = 0;
        for (int token = 0; token < vocabulary.Count; token++)
        {
            string spelling = vocabulary.Spell(token)!;
            if (spelling.Length > 0 && vocabulary.Find(spelling) == token)
            {
                json.WriteNumber(spelling, token);
            }
            else
            {
                leftOut++;
            }
        }

        json.WriteEndObject();
        if (leftOut > 0)
        {
            remarks.Add($"{leftOut} tokens without a spelling of their own are not in tokenizer.json");
        }

        WriteMerges(json, vocabulary);
        json.WriteEndObject();
    }

    // Merges of what are no tokens can never happen, and other readers refuse them.
    private static void WriteMerges(Utf8JsonWriter json, Vocabulary vocabulary)
    {
        json.WriteStartArray("merges");
        foreach (byte[] line in vocabulary.Source.Merges!)
        {
            string merge = Encoding.UTF8.GetString(line);
            int space = merge.Length > 1 ? merge.IndexOf(' ', 1) : -1;
            if (space > 0
                && vocabulary.Find(merge[..space]) is not null
                && vocabulary.Find(merge[(space + 1)..]) is not null
                && vocabulary.Find(merge[..space] + merge[(space + 1)..]) is not null)
            {
                json.WriteStringValue(merge);
            }
        }

        json.WriteEndArray();
    }
}
