namespace Chaku.Model.Tokenizers.HuggingFace.PreTokenisation;

/// <summary>The table of pre-tokenisers, by their <c>type</c> in a <c>tokenizer.json</c>. A new one is one file and one
/// line here.</summary>
/// <remarks>Source: the pre-tokenizers of Hugging Face's tokenizers 0.22, and its documentation.</remarks>
internal static class PieceSteps
{
    /// <summary>Every one this software has, and how it is read.</summary>
    public static IReadOnlyList<TypedReader<PieceStep>> All { get; } =
    [
        new("Sequence", SequenceStep.Read),
        new("Split", PatternStep.ReadSplit),
        new("ByteLevel", ByteLevelStep.Read),
        new("Metaspace", MetaspaceStep.Read),
        new("Digits", LetterStep.ReadDigits),
        new("Punctuation", LetterStep.ReadPunctuation),
        new("WhitespaceSplit", LetterStep.ReadWhiteSpaceSplit),
        new("Whitespace", PatternStep.ReadWhiteSpace),
    ];
}
