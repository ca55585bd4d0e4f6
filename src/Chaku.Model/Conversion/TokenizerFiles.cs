using System.Text;
using System.Text.Json;
using Chaku.Model.Families;
using Chaku.Model.Files;
using Chaku.Model.Tokenizers;
using Chaku.Model.Tokenizers.HuggingFace;

namespace Chaku.Model.Conversion;

/// <summary>The files that a folder has for the tokenizer of a GGUF file.</summary>
internal static class TokenizerFiles
{
    private const string ConfigName = "tokenizer_config.json";
    private const string GenerationName = "generation_config.json";

    // Which file holds the vocabulary, and the Python class that reads it: an entry for each kind of tokenizer.
    private static readonly TokenizerFileKind[] Kinds =
    [
        new("llama", null, SentencePieceModel.FileName, SentencePieceWriter.ToBytes)
        {
            ToJson = vocabulary => new SentencePieceJsonWriter(vocabulary),
        },
        new(
            "gpt2",
            "PreTrainedTokenizerFast",
            TokenizerJson.FileName,
            (vocabulary, remarks) => new ByteLevelJsonWriter(vocabulary).ToBytes(remarks)),
    ];

    /// <summary>The kinds of tokenizer that have such files.</summary>
    public static IEnumerable<string> KindNames => Kinds.Select(kind => kind.Kind);

    /// <summary>The files.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="family">Knows the Python class that reads SentencePiece's file.</param>
    /// <param name="templates">The model's own templates of chats.</param>
    /// <param name="contextLength">Positions that the model was made for.</param>
    /// <param name="remarks">Gets what the user should know.</param>
    /// <exception cref="ModelFormatException">There is no file that gives the same tokens.</exception>
    public static IReadOnlyList<(string Name, Action<Stream> Write)> Of(
        Tokenizer tokenizer,
        ModelFamily family,
        IReadOnlyList<NamedTemplate> templates,
        int contextLength,
        List<string> remarks)
    {
        Vocabulary vocabulary = tokenizer.Vocabulary;
        TokenizerFileKind kind = Array.Find(Kinds, kind => kind.Kind == vocabulary.Source.Kind)
            ?? throw vocabulary.Refuse(
                $"one of the kinds of tokenizer {string.Join(", ", KindNames)}",
                ModelFormatException.Quote(vocabulary.Source.Kind));
        byte[] settings = JsonBytes.Of(json => WriteSettings(
            json, vocabulary, kind.ClassName ?? family.SentencePieceClass, templates, contextLength));
        byte[] generation = JsonBytes.Of(json => WriteGeneration(json, vocabulary));
        (string Name, byte[] Bytes)[] beside = [(ConfigName, settings), (GenerationName, generation)];
        (string Name, byte[] Bytes) first = (kind.FileName, kind.ToBytes(vocabulary, remarks));
        if (!IsSame(tokenizer, [first, .. beside], remarks))
        {
            throw vocabulary.Refuse(
                $"a tokenizer that {kind.FileName} has words for",
                "one whose tokens for difficult text it does not give");
        }

        (string Name, byte[] Bytes)[] second = kind.ToJson is null
            ? []
            : Second(tokenizer, kind.ToJson(vocabulary), beside, remarks);
        return [.. second.Prepend(first).Concat(beside).Select(file =>
            (file.Name, (Action<Stream>)(stream => stream.Write(file.Bytes))))];
    }

    // The same in the form that most readers want; none where it is not quite the same.
    private static (string Name, byte[] Bytes)[] Second(
        Tokenizer tokenizer,
        TokenizerJsonWriter writer,
        (string Name, byte[] Bytes)[] beside,
        List<string> remarks)
    {
        List<string> own = [];
        (string Name, byte[] Bytes) file = (TokenizerJson.FileName, writer.ToBytes([]));
        try
        {
            if (IsSame(tokenizer, [file, .. beside], own) && own.Count == 0)
            {
                return [file];
            }
        }
        catch (ModelFormatException exception)
        {
            own.Add(exception.Message);
        }

        remarks.Add(
            $"{file.Name} would not give quite the same tokens and is left out: "
            + own.DefaultIfEmpty("difficult text gets others").First());
        return [];
    }

    // What the files say is read again, and tried on text, before any weight is copied.
    private static bool IsSame(Tokenizer tokenizer, (string Name, byte[] Bytes)[] files, List<string> remarks)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("chaku-");
        try
        {
            Array.ForEach(files, file => File.WriteAllBytes(Path.Combine(folder.FullName, file.Name), file.Bytes));
            Tokenizer read = TokenizerFolder.Open(folder.FullName, tokenizer.Vocabulary.Count).Tokenizer!;
            if (!TokenizerProbe.AreSame(tokenizer, read))
            {
                return false;
            }

            TokenizerProbe.SayWhichMarksDiffer(tokenizer, read, files[0].Name, remarks);
            return true;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void WriteSettings(
        Utf8JsonWriter json,
        Vocabulary vocabulary,
        string className,
        IReadOnlyList<NamedTemplate> templates,
        int contextLength)
    {
        json.WriteString("tokenizer_class", className);
        if (vocabulary.Kind.AddSpacePrefix)
        {
            // The older way is llama.cpp's, which adds a space behind every mark too.
            json.WriteBoolean("legacy", true);
            if (!vocabulary.AddSpacePrefix)
            {
                // The class adds one unless told otherwise, whatever the vocabulary's file says; told what it does
                // anyway, it would set tokenizer.json aside.
                json.WriteBoolean("add_prefix_space", false);
            }
        }

        json.WriteBoolean("add_bos_token", vocabulary.AddBos);
        json.WriteBoolean("add_eos_token", vocabulary.AddEos);
        json.WriteBoolean("clean_up_tokenization_spaces", false);
        json.WriteNumber("model_max_length", contextLength);
        WriteMark(json, "bos_token", vocabulary, vocabulary.BosId);
        WriteMark(json, "eos_token", vocabulary, vocabulary.EosId);
        WriteMark(json, "unk_token", vocabulary, vocabulary.UnknownId);
        WriteMark(json, "pad_token", vocabulary, vocabulary.PaddingId);
        json.WriteStartObject("added_tokens_decoder");
        foreach (int id in AddedIds(vocabulary))
        {
            json.WriteStartObject(FormattableString.Invariant($"{id}"));
            WriteAdded(json, vocabulary, id);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        WriteTemplates(json, templates);
    }

    private static void WriteTemplates(Utf8JsonWriter json, IReadOnlyList<NamedTemplate> templates)
    {
        if (templates is [{ IsDefault: true } only])
        {
            json.WriteString("chat_template", only.Template);
        }
        else if (templates.Count > 0)
        {
            json.WriteStartArray("chat_template");
            foreach (NamedTemplate template in templates)
            {
                json.WriteStartObject();
                json.WriteString("name", template.Name);
                json.WriteString("template", template.Template);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }
    }

    private static void WriteMark(Utf8JsonWriter json, string name, Vocabulary vocabulary, int? id)
    {
        if (vocabulary.Spell(id) is { Length: > 0 } spelling)
        {
            json.WriteString(name, spelling);
        }
    }

    private static void WriteGeneration(Utf8JsonWriter json, Vocabulary vocabulary)
    {
        if (vocabulary.BosId is { } bos)
        {
            json.WriteNumber("bos_token_id", bos);
        }

        if (vocabulary.EndOfGeneration.Count == 0)
        {
            return;
        }

        json.WriteStartArray("eos_token_id");
        foreach (int id in vocabulary.EndOfGeneration.OrderByDescending(id => id == vocabulary.EosId).ThenBy(id => id))
        {
            json.WriteNumberValue(id);
        }

        json.WriteEndArray();
    }

    /// <summary>The tokens that are found in text by their spelling.</summary>
    /// <param name="vocabulary">The vocabulary.</param>
    /// <param name="withUnknown">Whether what stands for unknown text is one of them; else it is its model's.</param>
    public static IEnumerable<int> AddedIds(Vocabulary vocabulary, bool withUnknown = false) =>
        Enumerable.Range(0, vocabulary.Count).Where(
            id => IsAdded(vocabulary.TypeOf(id), id == vocabulary.UnknownId && !withUnknown)
                && vocabulary.SpellingOf(id).Length > 0
                && vocabulary.Find(Encoding.UTF8.GetString(vocabulary.SpellingOf(id))) == id);

    private static bool IsAdded(TokenType type, bool isLeft) => type is TokenType.Control or TokenType.UserDefined
        || (type == TokenType.Unknown && !isLeft);

    /// <summary>Writes how such a token is found.</summary>
    public static void WriteAdded(Utf8JsonWriter json, Vocabulary vocabulary, int id)
    {
        TokenMatching matching = vocabulary.MatchingOf(id);
        json.WriteString("content", vocabulary.SpellingOf(id));
        json.WriteBoolean("single_word", matching.HasFlag(TokenMatching.WholeWord));
        json.WriteBoolean("lstrip", matching.HasFlag(TokenMatching.StripLeft));
        json.WriteBoolean("rstrip", matching.HasFlag(TokenMatching.StripRight));
        json.WriteBoolean("normalized", matching.HasFlag(TokenMatching.Normalised));
        json.WriteBoolean("special", vocabulary.TypeOf(id) != TokenType.UserDefined);
    }

    /// <summary>The files for one kind of tokenizer.</summary>
    /// <param name="Kind">The kind, as GGUF names it.</param>
    /// <param name="ClassName">The Python class that reads it; null where the family has one.</param>
    /// <param name="FileName">The file that has the vocabulary.</param>
    /// <param name="ToBytes">Makes the file, and says what it had to leave out.</param>
    private sealed record TokenizerFileKind(
        string Kind, string? ClassName, string FileName, Func<Vocabulary, List<string>, byte[]> ToBytes)
    {
        /// <summary>Makes <c>tokenizer.json</c> beside it; null where it is that file already.</summary>
        public Func<Vocabulary, TokenizerJsonWriter>? ToJson { get; init; }
    }
}
