using System.Text;
using Chaku.Model.Files;
using Chaku.Model.Tokenizers.HuggingFace.Normalisers;
using Chaku.Model.Tokenizers.HuggingFace.PreTokenisation;
using Chaku.Model.Tokenizers.Patterns;

namespace Chaku.Model.Tokenizers.HuggingFace.Decoders;

/// <summary>Writes something in the place of every match of a pattern.</summary>
internal sealed class ReplaceDecoder(ReplaceNormaliser replacement, bool dropsFirstSpace) : TokenDecoder
{
    /// <inheritdoc/>
    public override bool DropsFirstSpace => dropsFirstSpace;

    /// <summary>Reads <c>Replace</c>.</summary>
    public static ReplaceDecoder Read(JsonField field) => new(ReplaceNormaliser.Read(field), dropsFirstSpace: false);

    /// <summary>Reads <c>Metaspace</c>: marks are spaces, and the one that encoding put before the text goes.</summary>
    public static ReplaceDecoder ReadMetaspace(JsonField field)
    {
        field.AllowOnly("type", "replacement", "prepend_scheme", "add_prefix_space", "split", "str_rep");
        SplitPattern mark = SplitPattern.Literal(MetaspaceFields.ReadMark(field), field.Refusal());
        return new(
            new(mark, Encoding.UTF8.GetBytes(" ")), MetaspaceFields.ReadPrefix(field) != MetaspacePrefix.Never);
    }

    /// <inheritdoc/>
    public override byte[] Apply(byte[] token) => replacement.Apply(token, afterMark: false);
}
