using System.Globalization;
using Chaku.Model.Decoding;

namespace Chaku.Model.Families;

/// <summary>
/// Maps metadata to a decoder's description and tensor names: an entry of <see cref="ModelFamilies.All"/>.
/// </summary>
internal abstract class ModelFamily
{
    /// <summary>The values of <c>general.architecture</c> in GGUF files, the first where one is written.</summary>
    public abstract IReadOnlyList<string> Architectures { get; }

    /// <summary>The values of <c>model_type</c> in <c>config.json</c>.</summary>
    public abstract IReadOnlyList<string> ModelTypes { get; }

    /// <summary>GGUF's and Hugging Face's names of everything that has weights, without their last part.</summary>
    public abstract IReadOnlyList<ModuleNames> Modules { get; }

    /// <summary>
    /// What all Hugging Face names of a model with an output head begin with, though files of a model without one leave
    /// it away; empty where there is no such thing.
    /// </summary>
    public virtual string HuggingFacePrefix => "";

    /// <summary>Ends of names in Hugging Face's files of what is no weight: masks and frequencies.</summary>
    public virtual IReadOnlyList<string> HuggingFaceBuffers => ["rotary_emb.inv_freq"];

    /// <summary>The Python class that reads SentencePiece's vocabulary of such models.</summary>
    public virtual string SentencePieceClass => "LlamaTokenizer";

    /// <summary>Whether the output head is the token embedding where <c>config.json</c> does not say.</summary>
    public virtual bool IsTiedByDefault => false;

    /// <summary>
    /// Whether a GGUF file has the rows of queries and keys next to each other that Hugging Face's has half a head
    /// apart.
    /// </summary>
    public virtual bool HasPairedRows => false;

    /// <summary>
    /// Whether a GGUF file has all queries, then all keys and values, where Hugging Face's has them group by group.
    /// </summary>
    public virtual bool HasUngroupedRows => false;

    /// <summary>
    /// How this family's <c>config.json</c> spells a setting where it is not the first of the dialect's spellings, by
    /// GGUF's name; empty where it has no such setting.
    /// </summary>
    public virtual IReadOnlyDictionary<string, string> HuggingFaceKeys { get; } = new Dictionary<string, string>();

    /// <summary>The GGUF names of the norms before attention and feed forward.</summary>
    public virtual (string Attention, string FeedForward) NormNames(ResidualLayout layout) =>
        ("attn_norm", "ffn_norm");

    /// <summary>The computation that a model's settings describe.</summary>
    /// <exception cref="ModelFormatException">
    /// A key is missing, has a value that cannot be, or is not understood.
    /// </exception>
    public abstract DecoderConfig Read(ModelSettings settings, WeightSource weights);

    /// <summary>What Hugging Face's library calls such a model.</summary>
    public abstract HuggingFaceClass ClassOf(DecoderConfig config);

    /// <summary>
    /// Writes the settings of a computation, as <see cref="Read"/> reads them. What the file has no words for is found
    /// by reading it again.
    /// </summary>
    public virtual void Write(SettingsWriter settings, DecoderConfig config)
    {
        settings.Count("context_length", config.ContextLength);
        settings.Count("embedding_length", config.HiddenSize);
        settings.Count("block_count", config.LayerCount);
        settings.Count("feed_forward_length", config.FeedForward.InnerSize);
        settings.Count("attention.head_count", config.Attention.HeadCount);
        settings.Count("attention.head_count_kv", config.Attention.KvHeadCount);
        settings.Number(
            config.Norm.Kind == NormKind.Rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon",
            config.Norm.Epsilon);
        if (config.Position is RotaryConfig rotary)
        {
            RotaryWriter.Write(settings, rotary, config);
        }

        settings.Count("vocab_size", config.VocabularySize);
        if (settings.IsHuggingFace)
        {
            settings.Text("activation", ActivationSettings.NameOf(config.FeedForward.Activation));
            settings.Flag("tie_word_embeddings", config.Head.IsTied);
        }
    }

    /// <summary>The name of a GGUF tensor in Hugging Face's file, and how it is stored there.</summary>
    /// <param name="config">The computation.</param>
    /// <param name="tensor">The tensor's GGUF name.</param>
    /// <param name="expert">The expert's number, where the tensor has several experts.</param>
    /// <exception cref="InvalidDataException">Such models have no tensor of that name there.</exception>
    public (string Name, StoredAs Storage) HuggingFaceName(DecoderConfig config, string tensor, int expert = 0)
    {
        (string module, string layer, string end) = ModuleNames.Parts(tensor);
        ModuleNames names = Modules.SingleOrDefault(names => names.Gguf == module && Uses(names, config))
            ?? throw new InvalidDataException(
                $"Hugging Face's files of such models have no name for {ModelFormatException.Quote(tensor)}");
        return (names.Fill(layer, expert) + end, names.Storage);
    }

    /// <summary>Whether files of such a model use these of several names for the same module.</summary>
    protected virtual bool Uses(ModuleNames names, DecoderConfig config) => true;

    /// <summary>
    /// The row in the GGUF file that row <paramref name="row"/> of the Hugging Face matrix becomes; the same row where
    /// the two agree.
    /// </summary>
    /// <param name="config">The computation.</param>
    /// <param name="tensor">The GGUF tensor.</param>
    /// <param name="row">A row in Hugging Face's order.</param>
    public int GgufRow(DecoderConfig config, string tensor, int row)
    {
        string module = tensor[..Math.Max(0, tensor.LastIndexOf('.'))];
        bool isQueryOrKey = module.EndsWith(".attn_q", StringComparison.Ordinal)
            || module.EndsWith(".attn_k", StringComparison.Ordinal);
        if (isQueryOrKey && HasPairedRows)
        {
            return PairedRow(config.Attention.HeadSize, row);
        }

        return module.EndsWith(".attn_qkv", StringComparison.Ordinal) && HasUngroupedRows
            ? UngroupedRow(config.Attention, row)
            : row;
    }

    private static int PairedRow(int headSize, int row)
    {
        int inHead = row % headSize;
        int half = headSize / 2;
        return row - inHead + (inHead % half * 2) + (inHead / half);
    }

    private static int UngroupedRow(AttentionConfig attention, int row)
    {
        AttentionConfig grouped = attention with { Projection = ProjectionLayout.Grouped };
        OutputSlice slice = Projection.Slices(grouped).First(slice => row < slice.Start + slice.Length);
        int partStart = slice.Part switch
        {
            0 => 0,
            1 => attention.QueryWidth,
            _ => attention.QueryWidth + attention.KvWidth,
        };
        return partStart + slice.Target + (row - slice.Start);
    }
}

/// <summary>How Hugging Face's file stores a tensor, where it is not as GGUF does.</summary>
internal enum StoredAs
{
    /// <summary>In the same way.</summary>
    Same,

    /// <summary>A matrix as [in, out].</summary>
    Transposed,

    /// <summary>A norm's weight less 1.</summary>
    LessOne,
}

/// <summary>
/// Names of one kind of module, <c>{0}</c> standing for the layer's number and <c>{1}</c> for the expert's.
/// </summary>
/// <param name="Gguf">blk.{0}.attn_q and the like.</param>
/// <param name="HuggingFace">model.layers.{0}.self_attn.q_proj and the like.</param>
/// <param name="Storage">How Hugging Face's file stores it.</param>
internal sealed record ModuleNames(string Gguf, string HuggingFace, StoredAs Storage = StoredAs.Same)
{
    /// <summary>
    /// A GGUF tensor's module with <c>{0}</c> in place of its layer's number, that number or nothing, and the name's
    /// last part with its dot.
    /// </summary>
    public static (string Module, string Layer, string End) Parts(string tensor)
    {
        int end = tensor.LastIndexOf('.');
        string[] parts = tensor[..end].Split('.');
        return parts.Length == 3
            ? ($"{parts[0]}.{{0}}.{parts[2]}", parts[1], tensor[end..])
            : (tensor[..end], "", tensor[end..]);
    }

    /// <summary>Hugging Face's name of one module of this kind.</summary>
    public string Fill(string layer, int expert) => HuggingFace
        .Replace("{0}", layer, StringComparison.Ordinal)
        .Replace("{1}", expert.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
}

/// <summary>What Hugging Face's library calls a kind of model.</summary>
/// <param name="ModelType"><c>model_type</c>.</param>
/// <param name="Architecture">The class, the one entry of <c>architectures</c>.</param>
internal sealed record HuggingFaceClass(string ModelType, string Architecture);
