using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace.Decoders;

/// <summary>Reads the bytes out of GPT-2's alphabet.</summary>
internal sealed class ByteLevelDecoder : TokenDecoder
{
    /// <inheritdoc/>
    public override bool AppliesToAdded => false;

    /// <summary>Reads an object whose properties say nothing about decoding.</summary>
    public static ByteLevelDecoder Read(JsonField field)
    {
        field.AllowOnly("type", "add_prefix_space", "trim_offsets", "use_regex");
        return new();
    }

    /// <inheritdoc/>
    public override byte[] Apply(byte[] token) => ByteLevelAlphabet.Decode(token);
}
