using Chaku.Model.Decoding;
using Chaku.Model.Files;

namespace Chaku.Model.Families;

/// <summary>The sizes that every family has, read and checked in one place.</summary>
/// <param name="Vocabulary">Rows of the token embedding.</param>
/// <param name="Hidden">Floats in the residual stream.</param>
/// <param name="Layers">Layers.</param>
/// <param name="Context">Positions.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">KV heads.</param>
/// <param name="HeadSize">Floats in a head.</param>
internal sealed record ModelShape(
    int Vocabulary, int Hidden, int Layers, int Context, int Heads, int KvHeads, int HeadSize)
{
    private const int MostLayers = 4096;
    private const int MostSize = 1 << 20;

    /// <summary>The attention of this shape.</summary>
    public AttentionConfig Attention => new(Heads, KvHeads, HeadSize);

    /// <summary>Reads the sizes.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="weights">Has the token embedding, whose rows are the vocabulary.</param>
    /// <param name="context">Positions where the settings do not say; 0 where they must.</param>
    /// <param name="kvHeads">KV heads where the settings have another way to say it.</param>
    /// <exception cref="ModelFormatException">A size is missing or cannot be.</exception>
    public static ModelShape Read(ModelSettings settings, WeightSource weights, int context = 0, int? kvHeads = null)
    {
        int hidden = settings.Count("embedding_length", MostSize);
        int heads = settings.Count("attention.head_count", MostSize);
        int keyValueHeads = kvHeads ?? settings.Count("attention.head_count_kv", heads, heads);
        int headSize = settings.Count("attention.key_length", hidden / heads, MostSize);
        if (settings.Find("attention.value_length") is { } valueLength && valueLength.AsInt64() != headSize)
        {
            throw valueLength.Wrong($"values as long as keys, {headSize}");
        }

        if (heads % keyValueHeads != 0 || headSize < 1)
        {
            throw settings.Required("attention.head_count").Wrong(
                $"heads in groups on {keyValueHeads} KV heads, for a hidden size of {hidden}");
        }

        return new ModelShape(
            weights.RowCount(DecoderWeightsReader.TokenEmbedding) is { } rows and >= 1 and <= int.MaxValue
                ? (int)rows
                : throw settings.Required("embedding_length").Wrong("the length of token embeddings that are there"),
            hidden,
            settings.Count("block_count", MostLayers),
            context == 0 ? settings.Count("context_length") : settings.Count("context_length", context, int.MaxValue),
            heads,
            keyValueHeads,
            headSize);
    }

    /// <summary>Floats inside the feed forward.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="otherwise">Where they do not say; 0 where they must.</param>
    public static int InnerSize(ModelSettings settings, int otherwise = 0) => otherwise == 0
        ? settings.Count("feed_forward_length", MostSize)
        : settings.Count("feed_forward_length", otherwise, MostSize);

    /// <summary>The output head, tied where there is no matrix of its own or <c>config.json</c> says so.</summary>
    public static HeadConfig Head(ModelSettings settings, WeightSource weights, bool isTiedByDefault)
    {
        bool isTied = settings.IsHuggingFace
            ? settings.Flag("tie_word_embeddings", isTiedByDefault)
            : !weights.Has(DecoderWeightsReader.OutputHead);
        return new HeadConfig(weights.Has("output.bias"), IsTied: isTied);
    }

    /// <summary>
    /// Positions that each layer sees: as <c>layer_types</c> lists them where it is there, else as the family has it.
    /// </summary>
    /// <param name="settings">The settings.</param>
    /// <param name="window">The window; 0 for none.</param>
    /// <param name="hasWindow">Whether a layer has it, where the settings do not list them.</param>
    /// <returns>Empty where every layer sees the whole context.</returns>
    public IReadOnlyList<int> Windows(ModelSettings settings, int window, Func<int, bool> hasWindow)
    {
        MetadataValue? types = settings.Find("layer_types");
        if (window == 0 || window >= Context)
        {
            return [];
        }

        if (types is not { Content: GgufArray { ElementType: GgufValueType.String } })
        {
            return [.. Enumerable.Range(0, Layers).Select(layer => hasWindow(layer) ? window : 0)];
        }

        string[] names = types.AsStrings();
        return names.Length == Layers && names.All(name => name is "full_attention" or "sliding_attention")
            ? Array.ConvertAll(names, name => name == "sliding_attention" ? window : 0)
            : throw types.Wrong($"{Layers} of full_attention or sliding_attention");
    }

    /// <summary>The window in every layer, where the settings give one.</summary>
    public IReadOnlyList<int> Windows(ModelSettings settings) =>
        Windows(settings, settings.OptionalCount("attention.sliding_window"), static _ => true);
}
