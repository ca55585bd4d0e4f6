using System.Text;
using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace.Normalisers;

/// <summary>Puts something before the text where it begins or follows a mark.</summary>
internal sealed class PrependNormaliser(byte[] prefix) : TextNormaliser
{
    private const int MaximumPrefixLength = 64;

    /// <summary>Reads <c>prepend</c>.</summary>
    public static PrependNormaliser Read(JsonField field)
    {
        field.AllowOnly("type", "prepend");
        byte[] prefix = Encoding.UTF8.GetBytes(field["prepend"].AsText());
        return prefix.Length <= MaximumPrefixLength
            ? new(prefix)
            : throw field["prepend"].Wrong($"at most {MaximumPrefixLength} bytes");
    }

    /// <inheritdoc/>
    public override byte[] Apply(byte[] text, bool afterMark) => afterMark ? [.. prefix, .. text] : text;
}
