using Chaku.Model.Files;
using Chaku.Model.Tokenizers.Patterns;

namespace Chaku.Model.Tokenizers.HuggingFace.PreTokenisation;

/// <summary>Cuts where a pattern matches.</summary>
internal sealed class PatternStep(SplitPattern pattern, CutBehaviour behaviour, bool isInverted)
    : CutStep(behaviour, isInverted)
{
    /// <summary>Reads <c>Split</c>: <c>pattern</c>, <c>behavior</c> and <c>invert</c>.</summary>
    public static PatternStep ReadSplit(JsonField field)
    {
        field.AllowOnly("type", "pattern", "behavior", "invert");
        return new(
            PatternField.Read(field["pattern"]),
            CutBehaviours.Read(field["behavior"]),
            field.FindBoolean("invert", otherwise: false));
    }

    /// <summary>Reads <c>Whitespace</c>: words and runs of signs, without the white space between them.</summary>
    public static PatternStep ReadWhiteSpace(JsonField field)
    {
        field.AllowOnly("type");
        return new(SplitPattern.Parse(@"\w+|[^\w\s]+", field.Refusal()), CutBehaviour.Removed, isInverted: true);
    }

    /// <inheritdoc/>
    protected override void FindParts(ReadOnlySpan<byte> piece, List<Part> parts)
    {
        int end = 0;
        for (PatternSearch search = pattern.Search(piece); search.MoveNext(); end = search.End)
        {
            if (search.Start > end)
            {
                parts.Add(new(search.Start - end, IsMatch: false));
            }

            if (search.End > search.Start)
            {
                parts.Add(new(search.End - search.Start, IsMatch: true));
            }
        }

        if (piece.Length > end)
        {
            parts.Add(new(piece.Length - end, IsMatch: false));
        }
    }
}
