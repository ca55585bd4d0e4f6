using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace.Decoders;

/// <summary>Says that what follows is done to the whole text.</summary>
internal sealed class FuseDecoder : TokenDecoder
{
    /// <inheritdoc/>
    public override bool Fuses => true;

    /// <summary>Reads an object without properties.</summary>
    public static FuseDecoder Read(JsonField field)
    {
        field.AllowOnly("type");
        return new();
    }

    /// <inheritdoc/>
    public override byte[] Apply(byte[] token) => token;
}
