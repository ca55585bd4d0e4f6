namespace Chaku.Model.Tokenizers.HuggingFace.Decoders;

/// <summary>The table of decoders, by their <c>type</c> in a <c>tokenizer.json</c>. A new one is one file and one line
/// here.</summary>
/// <remarks>Source: the decoders of Hugging Face's tokenizers 0.22, and its documentation.</remarks>
internal static class TokenDecoders
{
    /// <summary>Every one this software has, and how it is read.</summary>
    public static IReadOnlyList<TypedReader<TokenDecoder>> All { get; } =
    [
        new("Sequence", SequenceDecoder.Read),
        new("ByteLevel", ByteLevelDecoder.Read),
        new("Metaspace", ReplaceDecoder.ReadMetaspace),
        new("Replace", ReplaceDecoder.Read),
        new("ByteFallback", ByteFallbackDecoder.Read),
        new("Fuse", FuseDecoder.Read),
        new("Strip", StripDecoder.Read),
    ];
}
