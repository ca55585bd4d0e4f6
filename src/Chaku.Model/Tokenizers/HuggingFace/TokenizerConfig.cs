using System.Globalization;
using System.Text.Json;
using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>
/// What a folder says beside its vocabulary: <c>tokenizer_config.json</c>, <c>special_tokens_map.json</c>,
/// <c>added_tokens.json</c> and <c>chat_template.jinja</c>. Null is what it does not say.
/// </summary>
/// <remarks>
/// These files are the settings of Python classes. Those that change what text becomes are read; most have to do with
/// batches, training or older versions. Source: Hugging Face's transformers, <c>tokenization_utils_base.py</c>.
/// </remarks>
internal sealed record TokenizerConfig
{
    private const string FileName = "tokenizer_config.json";
    private const string SpecialTokensName = "special_tokens_map.json";
    private const string AddedTokensName = "added_tokens.json";

    /// <summary>Beginning of sequence.</summary>
    public string? BosToken { get; init; }

    /// <summary>End of sequence.</summary>
    public string? EosToken { get; init; }

    /// <summary>What fills batches up.</summary>
    public string? PadToken { get; init; }

    /// <summary>Whether a text begins with <see cref="BosToken"/>.</summary>
    public bool? AddBos { get; init; }

    /// <summary>Whether a text ends with <see cref="EosToken"/>.</summary>
    public bool? AddEos { get; init; }

    /// <summary>Whether a space goes before the text's first word.</summary>
    public bool? AddPrefixSpace { get; init; }

    /// <summary>The name of the Python class that reads the folder.</summary>
    public string? ClassName { get; init; }

    /// <summary>Tokens that are found in text by their spelling.</summary>
    public IReadOnlyList<AddedToken> Added { get; init; } = [];

    /// <summary>The template of chats, in Jinja.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>Templates for other uses, such as tools.</summary>
    public IReadOnlyList<NamedTemplate> NamedTemplates { get; init; } = [];

    /// <summary>Tokens that end an answer.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];

    /// <summary>Reads the folder's files; none of them needs to be there.</summary>
    /// <exception cref="ModelFormatException">A file is broken.</exception>
    /// <exception cref="IOException">One cannot be read.</exception>
    public static TokenizerConfig Read(string folder)
    {
        TokenizerConfig config = ReadIfThere(Path.Combine(folder, FileName), ReadSettings) ?? new();
        TokenizerConfig map = ReadIfThere(Path.Combine(folder, SpecialTokensName), ReadMarks) ?? new();
        AddedToken[]? added = config.Added.Count > 0
            ? null
            : ReadIfThere(Path.Combine(folder, AddedTokensName), ReadAddedTokens);
        return config with
        {
            BosToken = config.BosToken ?? map.BosToken,
            EosToken = config.EosToken ?? map.EosToken,
            PadToken = config.PadToken ?? map.PadToken,
            Added = added ?? config.Added,
            ChatTemplate = ChatTemplateFile.Read(folder) ?? config.ChatTemplate,
            NamedTemplates = [.. config.NamedTemplates, .. ChatTemplateFile.ReadNamed(folder)],
        };
    }

    private static T? ReadIfThere<T>(string path, Func<JsonField, T> read)
        where T : class
    {
        if (!File.Exists(path))
        {
            return null;
        }

        using JsonFile file = JsonFile.Open(path);
        return read(file.Root);
    }

    private static TokenizerConfig ReadMarks(JsonField root) => new()
    {
        BosToken = ReadMark(root, "bos_token"),
        EosToken = ReadMark(root, "eos_token"),
        PadToken = ReadMark(root, "pad_token"),
    };

    private static TokenizerConfig ReadSettings(JsonField root) => ReadMarks(root) with
    {
        AddBos = root.Find("add_bos_token")?.AsBoolean(),
        AddEos = root.Find("add_eos_token")?.AsBoolean(),
        AddPrefixSpace = root.Find("add_prefix_space")?.AsBoolean(),
        ClassName = root.FindText("tokenizer_class"),
        Added = root.Find("added_tokens_decoder") is { } added
            ? [.. added.Properties().Select(static entry => AddedToken.ReadNamed(entry.Field, ReadId(entry)))]
            : [],
        ChatTemplate = ReadTemplate(root.Find("chat_template")),
        NamedTemplates = ReadNamed(root.Find("chat_template")),
    };

    /// <summary>A token's spelling, bare or in an object.</summary>
    private static string? ReadMark(JsonField root, string property) => root.Find(property) switch
    {
        null => null,
        { Kind: JsonValueKind.Object } token => token["content"].AsText(),
        { } token => token.AsText(),
    };

    private static int ReadId((string Name, JsonField Field) entry) =>
        int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            ? id
            : throw entry.Field.Wrong("ids as names", ModelFormatException.Quote(entry.Name));

    /// <summary>A template, or the one named <c>default</c> of several.</summary>
    private static string? ReadTemplate(JsonField? field) => field switch
    {
        null => null,
        { Kind: JsonValueKind.Array } list =>
            ReadList(list).FirstOrDefault(static template => template.IsDefault)?.Template,
        { } template => template.AsText(),
    };

    private static NamedTemplate[] ReadNamed(JsonField? field) => field is { Kind: JsonValueKind.Array } list
        ? [.. ReadList(list).Where(static template => !template.IsDefault)]
        : [];

    private static IEnumerable<NamedTemplate> ReadList(JsonField list) => list.Items()
        .Select(static entry => new NamedTemplate(entry["name"].AsText(), entry["template"].AsText()));

    /// <summary>The older list of tokens, from spellings to ids.</summary>
    private static AddedToken[] ReadAddedTokens(JsonField root) =>
    [
        .. root.Properties().Select(static entry => new AddedToken
        {
            Id = entry.Field.AsInteger(),
            Content = entry.Name.Length > 0 ? entry.Name : throw entry.Field.Wrong("tokens of at least a character"),
        }),
    ];
}
