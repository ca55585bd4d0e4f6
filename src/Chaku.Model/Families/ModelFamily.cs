using Chaku.Model.Decoding;
using Chaku.Model.Files;

namespace Chaku.Model.Families;

/// <summary>
/// Maps one metadata dialect to a decoder's description and tensor names: an entry of <see cref="ModelFamilies.All"/>.
/// </summary>
internal abstract class ModelFamily
{
    /// <summary>The value of <c>general.architecture</c>.</summary>
    public abstract string Architecture { get; }

    /// <summary>The computation that a file's metadata describes.</summary>
    /// <exception cref="ModelFormatException">
    /// A key is missing, has a value that cannot be, or is not understood.
    /// </exception>
    public abstract DecoderConfig ReadConfig(GgufFile file);

    /// <summary>The file's weights, each with the shape that the description asks for.</summary>
    /// <exception cref="ModelFormatException">A tensor is missing, left over, or has another shape.</exception>
    public abstract DecoderWeights ReadWeights(GgufFile file, DecoderConfig config);

    /// <summary>
    /// The row of B in the GGUF file that row <paramref name="row"/> of the Hugging Face matrix becomes; the same row
    /// where the two agree.
    /// </summary>
    /// <param name="config">The computation.</param>
    /// <param name="tensor">The GGUF tensor.</param>
    /// <param name="row">A row in Hugging Face's order.</param>
    public abstract int GgufRow(DecoderConfig config, string tensor, int row);

    /// <summary>
    /// GGUF tensor and Hugging Face module of each linear layer, <c>{0}</c> standing for the layer's number.
    /// </summary>
    public abstract IReadOnlyList<LinearNames> LinearNames { get; }
}

/// <summary>Names of one kind of linear layer.</summary>
/// <param name="Gguf">blk.{0}.attn_q.weight and the like.</param>
/// <param name="HuggingFace">model.layers.{0}.self_attn.q_proj and the like.</param>
internal sealed record LinearNames(string Gguf, string HuggingFace);
