using System.Text;
using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace.PreTokenisation;

/// <summary>Cuts at characters of a kind; each is a match of its own.</summary>
internal sealed class LetterStep(Func<Rune, bool> matches, CutBehaviour behaviour)
    : CutStep(behaviour, isInverted: false)
{
    /// <summary>Reads <c>Digits</c>: numbers are pieces, or each of their digits.</summary>
    public static LetterStep ReadDigits(JsonField field)
    {
        field.AllowOnly("type", "individual_digits");
        bool isEach = field.FindBoolean("individual_digits", otherwise: false);
        return new(Rune.IsNumber, isEach ? CutBehaviour.Isolated : CutBehaviour.Contiguous);
    }

    /// <summary>Reads <c>Punctuation</c>.</summary>
    public static LetterStep ReadPunctuation(JsonField field)
    {
        field.AllowOnly("type", "behavior");
        return new(
            IsPunctuation, field.Find("behavior") is { } name ? CutBehaviours.Read(name) : CutBehaviour.Isolated);
    }

    /// <summary>Reads <c>WhitespaceSplit</c>: white space is left out.</summary>
    public static LetterStep ReadWhiteSpaceSplit(JsonField field)
    {
        field.AllowOnly("type");
        return new(Rune.IsWhiteSpace, CutBehaviour.Removed);
    }

    /// <inheritdoc/>
    protected override void FindParts(ReadOnlySpan<byte> piece, List<Part> parts)
    {
        int unmatched = 0;
        while (!piece.IsEmpty)
        {
            _ = Rune.DecodeFromUtf8(piece, out Rune letter, out int length);
            piece = piece[length..];
            if (!matches(letter))
            {
                unmatched += length;
                continue;
            }

            if (unmatched > 0)
            {
                parts.Add(new(unmatched, IsMatch: false));
            }

            parts.Add(new(length, IsMatch: true));
            unmatched = 0;
        }

        if (unmatched > 0)
        {
            parts.Add(new(unmatched, IsMatch: false));
        }
    }

    /// <summary>Unicode's punctuation, and the signs of ASCII that Unicode counts as symbols.</summary>
    private static bool IsPunctuation(Rune letter) =>
        Rune.IsPunctuation(letter) || (letter.IsAscii && Rune.IsSymbol(letter));
}
