using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace.PreTokenisation;

/// <summary>Spells the pieces' bytes in GPT-2's alphabet; before that, may cut them as GPT-2 does.</summary>
/// <param name="addsPrefix">Whether a space goes before a piece that begins without one.</param>
/// <param name="words">How pieces are cut; null where they are not.</param>
internal sealed class ByteLevelStep(bool addsPrefix, PreTokenizer? words) : PieceStep
{
    /// <summary>Cuts text as GPT-2 does.</summary>
    public static PreTokenizer Gpt2Words { get; } = PreTokenizers.Find("gpt-2")!;

    /// <inheritdoc/>
    public override bool SpellsBytes => true;

    /// <summary>Reads <c>add_prefix_space</c> and <c>use_regex</c>; offsets are of no use here.</summary>
    public static ByteLevelStep Read(JsonField field)
    {
        field.AllowOnly("type", "add_prefix_space", "use_regex", "trim_offsets");
        return new(
            field.FindBoolean("add_prefix_space", otherwise: true),
            field.FindBoolean("use_regex", otherwise: true) ? Gpt2Words : null);
    }

    /// <inheritdoc/>
    public override void Apply(Pieces pieces)
    {
        if (addsPrefix)
        {
            AddPrefix(pieces);
        }

        List<int> lengths = pieces.Lengths;
        ReadOnlySpan<byte> rest = pieces.Text;
        if (words is not null)
        {
            lengths = new(pieces.Lengths.Count * 2);
            foreach (int length in pieces.Lengths)
            {
                words.Split(rest[..length], lengths);
                rest = rest[length..];
            }
        }

        pieces.Rewrite(ByteLevelAlphabet.Encode(pieces.Text), SpelledLengths(pieces.Text, lengths));
    }

    private static List<int> SpelledLengths(ReadOnlySpan<byte> text, List<int> lengths)
    {
        List<int> spelled = new(lengths.Count);
        foreach (int length in lengths)
        {
            spelled.Add(ByteLevelAlphabet.SpelledLength(text[..length]));
            text = text[length..];
        }

        return spelled;
    }

    private static void AddPrefix(Pieces pieces)
    {
        List<byte> text = new(pieces.Text.Length + pieces.Lengths.Count);
        List<int> lengths = new(pieces.Lengths.Count);
        ReadOnlySpan<byte> rest = pieces.Text;
        foreach (int length in pieces.Lengths)
        {
            bool isPrefixed = rest[0] != ' ' && (pieces.IsAfterMark || lengths.Count > 0);
            if (isPrefixed)
            {
                text.Add((byte)' ');
            }

            text.AddRange(rest[..length]);
            lengths.Add(length + (isPrefixed ? 1 : 0));
            rest = rest[length..];
        }

        pieces.Rewrite([.. text], lengths);
    }
}
