using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace.Normalisers;

/// <summary>Several normalisers, one after the other.</summary>
internal sealed class SequenceNormaliser(IReadOnlyList<TextNormaliser> parts) : TextNormaliser
{
    /// <summary>Reads <c>normalizers</c>.</summary>
    public static SequenceNormaliser Read(JsonField field)
    {
        field.AllowOnly("type", "normalizers");
        return new([.. field["normalizers"].Items().Select(TextNormalisers.All.Read)]);
    }

    /// <inheritdoc/>
    public override byte[] Apply(byte[] text, bool afterMark)
    {
        foreach (TextNormaliser part in parts)
        {
            text = text.Length > 0 ? part.Apply(text, afterMark) : text;
        }

        return text;
    }
}
