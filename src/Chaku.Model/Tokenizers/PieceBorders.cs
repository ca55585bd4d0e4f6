namespace Chaku.Model.Tokenizers;

/// <summary>
/// Where text can be cut so that each part can be encoded alone: between two characters that are neighbours in no piece
/// of the vocabulary, since no merge can then join what is left and right of them.
/// </summary>
/// <remarks>
/// Characters are known by the byte that touches the border, so some cuts are missed, and none is wrong. The mark for a
/// space counts as a byte that UTF-8 does not have.
/// </remarks>
internal sealed class PieceBorders
{
    private const byte Space = 0xFF;
    private readonly bool[] _areNeighbours = new bool[256 * 256];

    /// <summary>Looks at every piece that text can become.</summary>
    public PieceBorders(Vocabulary vocabulary)
    {
        for (int id = 0; id < vocabulary.Count; id++)
        {
            ReadOnlySpan<byte> piece = vocabulary.SpellingOf(id);
            if (piece.IsEmpty || !vocabulary.IsText(id))
            {
                continue;
            }

            int position = 0;
            byte last = Read(piece, ref position, out _);
            while (position < piece.Length)
            {
                byte next = Read(piece, ref position, out byte first);
                _areNeighbours[(last << 8) | first] = true;
                last = next;
            }
        }
    }

    /// <summary>
    /// The bytes before the first place where the text can be cut, or all of it; at least one character.
    /// </summary>
    public int WordLength(ReadOnlySpan<byte> text)
    {
        int position = 0;
        byte last = Read(text, ref position, out _);
        while (position < text.Length)
        {
            int end = position;
            byte next = Read(text, ref end, out byte first);
            if (!_areNeighbours[(last << 8) | first])
            {
                break;
            }

            (position, last) = (end, next);
        }

        return position;
    }

    /// <summary>Reads one character, and gives its first and its last byte.</summary>
    private static byte Read(ReadOnlySpan<byte> text, ref int position, out byte first)
    {
        first = text[position];
        if (first < 0x80)
        {
            position++;
            return first;
        }

        int length = Math.Min(Utf8.SequenceLength(first), text.Length - position);
        ReadOnlySpan<byte> letter = text.Slice(position, length);
        position += length;
        bool isSpace = letter.SequenceEqual("\u2581"u8);
        first = isSpace ? Space : first;
        return isSpace ? Space : letter[^1];
    }
}
