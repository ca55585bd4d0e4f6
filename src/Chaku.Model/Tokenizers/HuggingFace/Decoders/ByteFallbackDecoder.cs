using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace.Decoders;

/// <summary>Reads tokens spelled <c>&lt;0x41&gt;</c> as the byte they name.</summary>
internal sealed class ByteFallbackDecoder : TokenDecoder
{
    /// <summary>Reads an object without properties.</summary>
    public static ByteFallbackDecoder Read(JsonField field)
    {
        field.AllowOnly("type");
        return new();
    }

    /// <inheritdoc/>
    public override byte[] Apply(byte[] token) => ByteSpelling.Parse(token) is { } value ? [value] : token;
}
