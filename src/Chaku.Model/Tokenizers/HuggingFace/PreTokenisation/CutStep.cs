using System.Runtime.InteropServices;

namespace Chaku.Model.Tokenizers.HuggingFace.PreTokenisation;

/// <summary>Cuts pieces where something matches.</summary>
/// <param name="behaviour">What becomes of matches.</param>
/// <param name="isInverted">Whether what lies between the matches counts as the match.</param>
internal abstract class CutStep(CutBehaviour behaviour, bool isInverted) : PieceStep
{
    /// <inheritdoc/>
    public sealed override void Apply(Pieces pieces)
    {
        List<Part> parts = [];
        List<int> lengths = new(pieces.Lengths.Count * 2);
        byte[] text = pieces.Text;
        bool removes = behaviour == CutBehaviour.Removed;
        int start = 0;
        int kept = 0;
        foreach (int length in pieces.Lengths)
        {
            parts.Clear();
            ReadOnlySpan<byte> piece = pieces.Text.AsSpan(start, length);
            FindParts(piece, parts);
            AppendLengths(CollectionsMarshal.AsSpan(parts), lengths);
            if (removes)
            {
                text = ReferenceEquals(text, pieces.Text) ? [.. text] : text;
                kept = Keep(piece, CollectionsMarshal.AsSpan(parts), text, kept);
            }

            start += length;
        }

        pieces.Rewrite(removes ? text[..kept] : text, lengths);
    }

    /// <summary>Finds the matches and what lies between them.</summary>
    /// <param name="piece">At least a byte.</param>
    /// <param name="parts">Appended to; together the whole piece.</param>
    protected abstract void FindParts(ReadOnlySpan<byte> piece, List<Part> parts);

    private static int Keep(ReadOnlySpan<byte> piece, ReadOnlySpan<Part> parts, Span<byte> text, int kept)
    {
        foreach (Part part in parts)
        {
            if (!part.IsMatch)
            {
                piece[..part.Length].CopyTo(text[kept..]);
                kept += part.Length;
            }

            piece = piece[part.Length..];
        }

        return kept;
    }

    private void AppendLengths(Span<Part> parts, List<int> lengths)
    {
        if (isInverted)
        {
            foreach (ref Part part in parts)
            {
                part = part with { IsMatch = !part.IsMatch };
            }
        }

        for (int index = 0; index < parts.Length; index++)
        {
            bool joins = index > 0 && Joins(parts[index - 1], parts[index]);
            if (joins)
            {
                lengths[^1] += parts[index].Length;
            }
            else if (behaviour != CutBehaviour.Removed || !parts[index].IsMatch)
            {
                lengths.Add(parts[index].Length);
            }
        }
    }

    /// <summary>Whether a part belongs to the piece before it.</summary>
    private bool Joins(Part previous, Part part) => behaviour switch
    {
        CutBehaviour.MergedWithPrevious => part.IsMatch && !previous.IsMatch,
        CutBehaviour.MergedWithNext => previous.IsMatch && !part.IsMatch,
        CutBehaviour.Contiguous => part.IsMatch == previous.IsMatch,
        _ => false,
    };

    /// <summary>A stretch of a piece.</summary>
    /// <param name="Length">Bytes, at least one.</param>
    /// <param name="IsMatch">Whether it matches.</param>
    protected readonly record struct Part(int Length, bool IsMatch);
}
