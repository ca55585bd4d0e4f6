using System.Text;
using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace.Normalisers;

/// <summary>Puts something before the text where it begins or follows a mark.</summary>
internal sealed class PrependNormaliser(byte[] prefix) : TextNormaliser
{
    /// <summary>Reads <c>prepend</c>.</summary>
    public static PrependNormaliser Read(JsonField field)
    {
        field.AllowOnly("type", "prepend");
        return new(Encoding.UTF8.GetBytes(field["prepend"].AsText()));
    }

    /// <inheritdoc/>
    public override byte[] Apply(byte[] text, bool afterMark) => afterMark ? [.. prefix, .. text] : text;
}
