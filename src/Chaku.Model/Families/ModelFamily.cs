using Chaku.Model.Decoding;

namespace Chaku.Model.Families;

/// <summary>
/// Maps metadata to a decoder's description and tensor names: an entry of <see cref="ModelFamilies.All"/>.
/// </summary>
internal abstract class ModelFamily
{
    /// <summary>The values of <c>general.architecture</c> in GGUF files; none where no one writes such files.</summary>
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

    /// <summary>The GGUF names of the norms before attention and feed forward.</summary>
    public virtual (string Attention, string FeedForward) NormNames(ResidualLayout layout) =>
        ("attn_norm", "ffn_norm");

    /// <summary>The computation that a model's settings describe.</summary>
    /// <exception cref="ModelFormatException">
    /// A key is missing, has a value that cannot be, or is not understood.
    /// </exception>
    public abstract DecoderConfig Read(ModelSettings settings, WeightSource weights);

    /// <summary>
    /// The row in the GGUF file that row <paramref name="row"/> of the Hugging Face matrix becomes; the same row where
    /// the two agree.
    /// </summary>
    /// <param name="config">The computation.</param>
    /// <param name="tensor">The GGUF tensor.</param>
    /// <param name="row">A row in Hugging Face's order.</param>
    public int GgufRow(DecoderConfig config, string tensor, int row)
    {
        bool isQueryOrKey = tensor.EndsWith(".attn_q.weight", StringComparison.Ordinal)
            || tensor.EndsWith(".attn_k.weight", StringComparison.Ordinal);
        if (isQueryOrKey && HasPairedRows)
        {
            return PairedRow(config.Attention.HeadSize, row);
        }

        return tensor.EndsWith(".attn_qkv.weight", StringComparison.Ordinal) && HasUngroupedRows
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
internal sealed record ModuleNames(string Gguf, string HuggingFace, StoredAs Storage = StoredAs.Same);
