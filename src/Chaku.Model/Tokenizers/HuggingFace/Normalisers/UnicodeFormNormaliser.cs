using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace.Normalisers;

/// <summary>Brings text into one of Unicode's normalisation forms.</summary>
internal sealed class UnicodeFormNormaliser(UnicodeForm form) : TextNormaliser
{
    /// <summary>Reads an object without properties.</summary>
    public static UnicodeFormNormaliser Read(JsonField field, UnicodeForm form)
    {
        field.AllowOnly("type");
        return new(form);
    }

    /// <inheritdoc/>
    public override byte[] Apply(byte[] text, bool afterMark) => UnicodeNormalisation.Apply(text, form);
}
