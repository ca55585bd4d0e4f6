using System.Text;
using Chaku.Model.Files;
using Chaku.Model.Tokenizers.Patterns;

namespace Chaku.Model.Tokenizers.HuggingFace.PreTokenisation;

/// <summary>Writes spaces as a mark, puts one before the text, and may cut before each.</summary>
/// <param name="mark">What stands for a space.</param>
/// <param name="prefix">Where a mark goes before a piece that begins without one.</param>
/// <param name="words">Cuts before every mark; null where nothing is cut.</param>
internal sealed class MetaspaceStep(byte[] mark, MetaspacePrefix prefix, PieceStep? words) : PieceStep
{
    /// <summary>Reads <c>replacement</c>, <c>prepend_scheme</c> or <c>add_prefix_space</c>, and <c>split</c>.</summary>
    public static MetaspaceStep Read(JsonField field)
    {
        field.AllowOnly("type", "replacement", "prepend_scheme", "add_prefix_space", "split", "str_rep");
        string mark = MetaspaceFields.ReadMark(field);
        bool isSplit = field.FindBoolean("split", otherwise: true);
        return new(
            Encoding.UTF8.GetBytes(mark),
            MetaspaceFields.ReadPrefix(field),
            isSplit
                ? new PatternStep(
                    SplitPattern.Literal(mark, field.Refusal()), CutBehaviour.MergedWithNext, isInverted: false)
                : null);
    }

    /// <inheritdoc/>
    public override void Apply(Pieces pieces)
    {
        List<byte> text = new(pieces.Text.Length * 2);
        List<int> lengths = new(pieces.Lengths.Count);
        ReadOnlySpan<byte> rest = pieces.Text;
        foreach (int length in pieces.Lengths)
        {
            int start = text.Count;
            if (IsPrefixed(rest[..length], pieces, isFirstPiece: lengths.Count == 0))
            {
                text.AddRange(mark);
            }

            AppendMarked(rest[..length], text);
            lengths.Add(text.Count - start);
            rest = rest[length..];
        }

        pieces.Rewrite([.. text], lengths);
        words?.Apply(pieces);
    }

    private bool IsPrefixed(ReadOnlySpan<byte> piece, Pieces pieces, bool isFirstPiece) =>
        piece[0] != ' ' && !piece.StartsWith(mark) && prefix switch
        {
            MetaspacePrefix.Always => pieces.IsAfterMark || !isFirstPiece,
            MetaspacePrefix.First => pieces.IsFirst && isFirstPiece,
            _ => false,
        };

    private void AppendMarked(ReadOnlySpan<byte> piece, List<byte> text)
    {
        for (int space; (space = piece.IndexOf((byte)' ')) >= 0; piece = piece[(space + 1)..])
        {
            text.AddRange(piece[..space]);
            text.AddRange(mark);
        }

        text.AddRange(piece);
    }
}
