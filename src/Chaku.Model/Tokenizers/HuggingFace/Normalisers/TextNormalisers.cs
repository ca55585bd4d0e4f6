namespace Chaku.Model.Tokenizers.HuggingFace.Normalisers;

/// <summary>The table of normalisers, by their <c>type</c> in a <c>tokenizer.json</c>. A new one is one file and one
/// line here.</summary>
/// <remarks>Source: the normalizers of Hugging Face's tokenizers 0.22, and its documentation.</remarks>
internal static class TextNormalisers
{
    /// <summary>Every one this software has, and how it is read.</summary>
    public static IReadOnlyList<TypedReader<TextNormaliser>> All { get; } =
    [
        new("Sequence", SequenceNormaliser.Read),
        new("NFC", static field => UnicodeFormNormaliser.Read(field, UnicodeForm.Composed)),
        new("NFD", static field => UnicodeFormNormaliser.Read(field, UnicodeForm.Decomposed)),
        new("NFKC", static field => UnicodeFormNormaliser.Read(field, UnicodeForm.CompatibilityComposed)),
        new("NFKD", static field => UnicodeFormNormaliser.Read(field, UnicodeForm.CompatibilityDecomposed)),
        new("Prepend", PrependNormaliser.Read),
        new("Replace", ReplaceNormaliser.Read),
        new("Lowercase", LowercaseNormaliser.Read),
        new("Strip", StripNormaliser.Read),
        new("StripAccents", StripAccentsNormaliser.Read),
        new("ByteLevel", ByteLevelNormaliser.Read),
    ];
}
