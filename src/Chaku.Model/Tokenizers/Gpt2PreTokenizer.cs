using System.Text;

namespace Chaku.Model.Tokenizers;

/// <summary>
/// GPT-2's words: contractions, letters, digits or signs with one space before, and runs of white space.
/// </summary>
/// <remarks>
/// Gives what <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c> gives.
/// Source: OpenAI's gpt-2 <c>encoder.py</c>.
/// </remarks>
internal sealed class Gpt2PreTokenizer : PreTokenizer
{
    private enum LetterClass
    {
        WhiteSpace,
        Letter,
        Number,
        Sign,
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Names { get; } = ["gpt-2"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Architectures { get; } = ["gpt2", "gptneox", "gptj"];

    /// <inheritdoc/>
    public override void Split(ReadOnlySpan<byte> text, List<int> wordLengths)
    {
        while (!text.IsEmpty)
        {
            int length = WordLength(text);
            wordLengths.Add(length);
            text = text[length..];
        }
    }

    private static int WordLength(ReadOnlySpan<byte> text)
    {
        int contraction = ContractionLength(text);
        if (contraction > 0)
        {
            return contraction;
        }

        int space = text[0] == ' ' && text.Length > 1 ? 1 : 0;
        LetterClass first = Classify(text[space..], out _);
        return first == LetterClass.WhiteSpace
            ? WhiteSpaceLength(text)
            : space + RunLength(text[space..], first, out _);
    }

    /// <summary>White space leaves its last character to the word after it, unless it has no other.</summary>
    private static int WhiteSpaceLength(ReadOnlySpan<byte> text)
    {
        int length = RunLength(text, LetterClass.WhiteSpace, out int lastLength);
        return length == text.Length || length == lastLength ? length : length - lastLength;
    }

    private static int ContractionLength(ReadOnlySpan<byte> text)
    {
        if (text.Length < 2 || text[0] != '\'')
        {
            return 0;
        }

        ReadOnlySpan<byte> rest = text[1..];
        return rest[0] is (byte)'s' or (byte)'t' or (byte)'m' or (byte)'d' ? 2
            : rest.StartsWith("re"u8) || rest.StartsWith("ve"u8) || rest.StartsWith("ll"u8) ? 3
            : 0;
    }

    private static int RunLength(ReadOnlySpan<byte> text, LetterClass wanted, out int lastLength)
    {
        int length = 0;
        lastLength = 0;
        while (length < text.Length && Classify(text[length..], out int letterLength) == wanted)
        {
            length += letterLength;
            lastLength = letterLength;
        }

        return length;
    }

    private static LetterClass Classify(ReadOnlySpan<byte> text, out int length)
    {
        _ = Rune.DecodeFromUtf8(text, out Rune letter, out length);
        return Rune.IsLetter(letter) ? LetterClass.Letter
            : Rune.IsNumber(letter) ? LetterClass.Number
            : Rune.IsWhiteSpace(letter) ? LetterClass.WhiteSpace
            : LetterClass.Sign;
    }
}
