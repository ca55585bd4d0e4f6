using System.Text.Json;
using Chaku.Model.Files;
using Chaku.Model.Tokenizers;

namespace Chaku.Model.Conversion;

/// <summary>Writes a vocabulary as <c>tokenizer.json</c>: what all kinds of tokenizer share.</summary>
/// <param name="vocabulary">The vocabulary.</param>
/// <remarks>Source: the format of Hugging Face's tokenizers 0.22, and its documentation.</remarks>
internal abstract class TokenizerJsonWriter(Vocabulary vocabulary)
{
    /// <summary>The vocabulary.</summary>
    protected Vocabulary Vocabulary => vocabulary;

    /// <summary>Whether letters without a token are spelled in bytes, and those left become one unknown.</summary>
    protected abstract bool FallsBackToBytes { get; }

    /// <summary>Whether a word that is a token is that token, whatever the merges would make of it.</summary>
    protected abstract bool IgnoresMerges { get; }

    /// <summary>What stands for letters without a token; null where there is no such thing.</summary>
    protected abstract string? UnknownToken { get; }

    /// <summary>The bytes of the file.</summary>
    /// <param name="remarks">Gets what had to be left out.</param>
    public byte[] ToBytes(List<string> remarks) => JsonBytes.Of(json =>
    {
        json.WriteString("version", "1.0");
        json.WriteNull("truncation");
        json.WriteNull("padding");
        WriteAdded(json);
        WriteSteps(json);
        WriteFrame(json);
        WriteDecoder(json);
        WriteModel(json, remarks);
    });

    /// <summary>Pairs that make a token, the most urgent first.</summary>
    protected abstract IEnumerable<(string Left, string Right)> Merges();

    /// <summary>Writes what is done to text before words become tokens.</summary>
    protected abstract void WriteSteps(Utf8JsonWriter json);

    /// <summary>Writes what is done behind them where no token is put around a text.</summary>
    protected abstract void WriteEmptyFrame(Utf8JsonWriter json);

    /// <summary>Writes how tokens become text.</summary>
    protected abstract void WriteDecoder(Utf8JsonWriter json);

    private void WriteAdded(Utf8JsonWriter json)
    {
        json.WriteStartArray("added_tokens");
        foreach (int id in TokenizerFiles.AddedIds(vocabulary, withUnknown: FallsBackToBytes))
        {
            json.WriteStartObject();
            json.WriteNumber("id", id);
            TokenizerFiles.WriteAdded(json, vocabulary, id);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void WriteFrame(Utf8JsonWriter json)
    {
        string? before = vocabulary.AddBos ? vocabulary.Spell(vocabulary.BosId) : null;
        string? after = vocabulary.AddEos ? vocabulary.Spell(vocabulary.EosId) : null;
        if (before is null && after is null)
        {
            WriteEmptyFrame(json);
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

    private void WriteModel(Utf8JsonWriter json, List<string> remarks)
    {
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteNull("dropout");
        json.WriteString("unk_token", UnknownToken);
        json.WriteNull("continuing_subword_prefix");
        json.WriteNull("end_of_word_suffix");
        json.WriteBoolean("fuse_unk", FallsBackToBytes);
        json.WriteBoolean("byte_fallback", FallsBackToBytes);
        json.WriteBoolean("ignore_merges", IgnoresMerges);
        WriteTokens(json, remarks);
        json.WriteStartArray("merges");
        foreach ((string left, string right) in Merges())
        {
            json.WriteStringValue($"{left} {right}");
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteTokens(Utf8JsonWriter json, List<string> remarks)
    {
        int leftOut = 0;
        json.WriteStartObject("vocab");
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
    }
}
