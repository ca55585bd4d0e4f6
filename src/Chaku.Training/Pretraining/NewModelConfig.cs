using Chaku.Model.Files;

namespace Chaku.Training.Pretraining;

/// <summary>
/// What a model that does not exist yet will be: a JSON file with the keys of Hugging Face's <c>config.json</c>, and a
/// few
/// about its text. docs/formats/new-model.md lists them.
/// </summary>
internal sealed record NewModelConfig
{
    /// <summary>The only architecture that is made anew.</summary>
    public const string ModelType = "llama";

    private const int MaximumByteLength = 1 << 20;
    private const int MostSize = 1 << 17;

    private static readonly string[] Keys =
    [
        "name", "license", "model_type", "vocab_size", "max_position_embeddings", "hidden_size", "intermediate_size",
        "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "rms_norm_eps", "rope_theta",
        "tie_word_embeddings", "special_tokens", "eos_token", "chat_template",
    ];

    /// <summary>What the model is called.</summary>
    public required string Name { get; init; }

    /// <summary>The licence that its maker gives it; null where none is said.</summary>
    public string? License { get; init; }

    /// <summary>Tokens at most: special tokens, the 256 bytes, and merges.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Positions.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Floats in the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Floats inside the feed forward.</summary>
    public required int InnerSize { get; init; }

    /// <summary>Layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Query heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>KV heads.</summary>
    public required int KvHeadCount { get; init; }

    /// <summary>ε of the norms.</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>θ of the rotary embedding.</summary>
    public required float RotaryBase { get; init; }

    /// <summary>Whether the output head is the embedding.</summary>
    public required bool IsTied { get; init; }

    /// <summary>Marks that are tokens of their own and never text.</summary>
    public required IReadOnlyList<string> SpecialTokens { get; init; }

    /// <summary>The mark that ends an answer or a text; one of <see cref="SpecialTokens"/>.</summary>
    public required string EosToken { get; init; }

    /// <summary>The chat template, in Jinja; null where the model holds no conversations.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>Floats in a head.</summary>
    public int HeadSize => HiddenSize / HeadCount;

    /// <summary>Reads a file.</summary>
    /// <exception cref="Model.ModelFormatException">It is no such file; the message says what is wrong.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static NewModelConfig Read(string path)
    {
        using JsonFile file = JsonFile.Open(path, MaximumByteLength);
        JsonField root = file.Root;
        root.AllowOnly(Keys);
        RequireLlama(root);
        int heads = root["num_attention_heads"].AsInteger(1, MostSize);
        NewModelConfig config = new()
        {
            Name = root["name"].AsText(),
            License = root.FindText("license"),
            VocabularySize = root["vocab_size"].AsInteger(1, MostSize),
            ContextLength = root["max_position_embeddings"].AsInteger(2, MostSize),
            HiddenSize = root["hidden_size"].AsInteger(1, MostSize),
            InnerSize = root["intermediate_size"].AsInteger(1, MostSize),
            LayerCount = root["num_hidden_layers"].AsInteger(1, 4096),
            HeadCount = heads,
            KvHeadCount = root.Find("num_key_value_heads")?.AsInteger(1, heads) ?? heads,
            NormEpsilon = (float)(root.Find("rms_norm_eps")?.AsNumber() ?? 1e-5),
            RotaryBase = (float)(root.Find("rope_theta")?.AsNumber() ?? 10000),
            IsTied = root.FindBoolean("tie_word_embeddings", otherwise: false),
            SpecialTokens = [.. root["special_tokens"].Items().Select(item => item.AsText())],
            EosToken = root["eos_token"].AsText(),
            ChatTemplate = root.FindText("chat_template"),
        };
        config.Check(root);
        return config;
    }

    private static void RequireLlama(JsonField root)
    {
        if (root["model_type"].AsText() != ModelType)
        {
            throw root["model_type"].Wrong($"\"{ModelType}\", the architecture that is trained from scratch");
        }
    }

    private void Check(JsonField root)
    {
        if (HiddenSize % HeadCount != 0 || HeadSize % 2 != 0)
        {
            throw root["hidden_size"].Wrong($"an even number of floats for each of {HeadCount} heads");
        }

        if (HeadCount % KvHeadCount != 0)
        {
            throw root["num_key_value_heads"].Wrong($"a number that {HeadCount} heads are a multiple of");
        }

        if (!(NormEpsilon > 0))
        {
            throw root["rms_norm_eps"].Wrong("a number above 0");
        }

        if (!(RotaryBase > 1 && float.IsFinite(RotaryBase)))
        {
            throw root["rope_theta"].Wrong("a number above 1");
        }

        if (SpecialTokens.Any(token => token.Length == 0) || SpecialTokens.Distinct().Count() != SpecialTokens.Count)
        {
            throw root["special_tokens"].Wrong("spellings that differ");
        }

        if (!SpecialTokens.Contains(EosToken))
        {
            throw root["eos_token"].Wrong("one of special_tokens");
        }

        int smallest = SpecialTokens.Count + byte.MaxValue + 1;
        if (VocabularySize < smallest)
        {
            throw root["vocab_size"].Wrong($"room for 256 bytes and the special tokens, {smallest}");
        }
    }
}
