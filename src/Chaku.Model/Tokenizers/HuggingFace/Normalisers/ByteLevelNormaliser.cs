using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace.Normalisers;

/// <summary>Spells the text's bytes in GPT-2's alphabet.</summary>
internal sealed class ByteLevelNormaliser : TextNormaliser
{
    /// <inheritdoc/>
    public override bool SpellsBytes => true;

    /// <summary>Reads an object without properties.</summary>
    public static ByteLevelNormaliser Read(JsonField field)
    {
        field.AllowOnly("type");
        return new();
    }

    /// <inheritdoc/>
    public override byte[] Apply(byte[] text, bool afterMark) => ByteLevelAlphabet.Encode(text);
}
