using System.Text;

namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>Byte-pair encoding of pieces of text, whose characters are the first symbols.</summary>
/// <remarks>
/// A character without a token is spelled in byte tokens, or else is the unknown token. Safe to share between threads.
/// </remarks>
internal sealed class PieceEncoder
{
    // GPT-2's alphabet and then some: these characters are looked up by their number.
    private const int TableLength = 0x180;

    private readonly int[] _table = new int[TableLength];
    private readonly Dictionary<int, int> _letters = [];
    private readonly MergeTable _merges;
    private readonly WordCache _cache = new();
    private readonly Dictionary<byte[], int>? _wholes;
    private readonly int[]? _byteIds;
    private readonly int? _unknownId;
    private readonly bool _fusesUnknown;

    // The characters that a token has before a space; null where text cannot be cut before other spaces.
    private readonly HashSet<Rune>? _joiningLetters;

    /// <summary>Indexes what the file says.</summary>
    /// <param name="fields">The model.</param>
    /// <param name="mayMake">Whether text may become this token; never marks.</param>
    public PieceEncoder(BpeFields fields, Func<int, bool> mayMake)
    {
        _fusesUnknown = fields.FusesUnknown;
        _unknownId = fields.UnknownToken is { } unknown ? fields.Ids[unknown] : null;
        _byteIds = fields.FallsBackToBytes ? FindBytes(fields) : null;
        _wholes = fields.IgnoresMerges ? new(fields.Ids.Count, Utf8Comparer.Instance) : null;
        Array.Fill(_table, -1);
        foreach ((string token, int id) in fields.Ids)
        {
            if (mayMake(id))
            {
                Index(token, id);
            }
        }

        _joiningLetters = _wholes is null && Find(SpaceMark) >= 0 ? FindJoiningLetters(fields) : null;
        _merges = new(fields.Merges.Count);
        for (int rank = fields.Merges.Count - 1; rank >= 0; rank--)
        {
            // The last first: of the same pair twice, the later rank holds.
            TokenMerge merge = fields.Merges[rank];
            if (mayMake(merge.MergedId))
            {
                _merges.Add(merge.LeftId, merge.RightId, (uint)rank, merge.MergedId);
            }
        }
    }

    /// <summary>SentencePiece's sign for a space.</summary>
    private static Rune SpaceMark { get; } = new('\u2581');

    private static ReadOnlySpan<byte> SpaceBytes => "\u2581"u8;

    /// <summary>Whether every text has tokens; else only those of some letters have.</summary>
    public bool SpellsEverything => _unknownId is not null || (_byteIds is not null && !_byteIds.Contains(-1));

    /// <summary>Whether the character is a token.</summary>
    public bool Spells(Rune letter) => Find(letter) >= 0;

    /// <summary>The tokens of a text that has been cut.</summary>
    /// <param name="text">Valid UTF-8.</param>
    /// <param name="lengths">Bytes of each piece, together all of the text.</param>
    /// <param name="ids">Appended to.</param>
    public void Append(ReadOnlySpan<byte> text, IReadOnlyList<int> lengths, List<int> ids)
    {
        SymbolMerger merger = new();
        foreach (int length in lengths)
        {
            ReadOnlySpan<byte> piece = text[..length];
            text = text[length..];
            for (int word; (word = WordLength(piece)) > 0; piece = piece[word..])
            {
                AppendPiece(piece[..word], merger, ids);
            }
        }
    }

    private static HashSet<Rune> FindJoiningLetters(BpeFields fields)
    {
        HashSet<Rune> letters = [];
        foreach (string token in fields.Ids.Keys)
        {
            for (int mark = token.IndexOf('\u2581', 0); mark >= 0; mark = token.IndexOf('\u2581', mark + 1))
            {
                if (mark > 0 && Rune.DecodeLastFromUtf16(token.AsSpan(0, mark), out Rune letter, out _) == 0)
                {
                    _ = letters.Add(letter);
                }
            }
        }

        return letters;
    }

    private static int[] FindBytes(BpeFields fields)
    {
        int[] ids = new int[256];
        for (int value = 0; value < ids.Length; value++)
        {
            ids[value] = fields.Ids.TryGetValue(ByteSpelling.Of((byte)value), out int id) ? id : -1;
        }

        return ids;
    }

    private void Index(string token, int id)
    {
        if (_wholes is not null)
        {
            _wholes[Encoding.UTF8.GetBytes(token)] = id;
        }

        if (token.Length > 0 && Rune.TryGetRuneAt(token, 0, out Rune letter) && letter.Utf16SequenceLength == token.Length)
        {
            if (letter.Value < TableLength)
            {
                _table[letter.Value] = id;
            }
            else
            {
                _letters[letter.Value] = id;
            }
        }
    }

    private int Find(Rune letter) => letter.Value < TableLength
        ? _table[letter.Value]
        : _letters.GetValueOrDefault(letter.Value, -1);

    /// <summary>
    /// Where a piece can be cut that no step has cut: before a space behind a character that no token has before one.
    /// </summary>
    private int WordLength(ReadOnlySpan<byte> piece)
    {
        for (int start = 1; start < piece.Length && _joiningLetters is not null;)
        {
            int next = piece[start..].IndexOf(SpaceBytes);
            if (next < 0)
            {
                break;
            }

            _ = Rune.DecodeLastFromUtf8(piece[..(start + next)], out Rune letter, out _);
            if (!_joiningLetters.Contains(letter))
            {
                return start + next;
            }

            start += next + 1;
        }

        return piece.Length;
    }

    private void AppendPiece(ReadOnlySpan<byte> piece, SymbolMerger merger, List<int> ids)
    {
        if (_cache.TryAppend(piece, ids))
        {
            return;
        }

        int start = ids.Count;
        if (_wholes is not null && _wholes.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(piece, out int whole))
        {
            ids.Add(whole);
        }
        else
        {
            Merge(piece, merger, ids);
        }

        _cache.Add(piece, ids, start);
    }

    private void Merge(ReadOnlySpan<byte> piece, SymbolMerger merger, List<int> ids)
    {
        merger.Clear();
        AddSymbols(piece, merger);
        foreach (Symbol symbol in merger.Merge(_merges))
        {
            if (symbol.Length > 0)
            {
                ids.Add(symbol.Id >= 0 ? symbol.Id : _unknownId!.Value);
            }
        }
    }

    private void AddSymbols(ReadOnlySpan<byte> piece, SymbolMerger merger)
    {
        int unknownStart = 0;
        int start = 0;
        while (start < piece.Length)
        {
            _ = Rune.DecodeFromUtf8(piece[start..], out Rune letter, out int length);
            int id = Find(letter);
            ReadOnlySpan<byte> bytes = piece.Slice(start, length);
            bool isSpelled = id >= 0 || HasBytes(bytes);
            if (start > unknownStart && (isSpelled || !_fusesUnknown))
            {
                merger.Add(unknownStart, start - unknownStart, -1);
                unknownStart = start;
            }

            start += length;
            if (isSpelled)
            {
                AddSpelled(bytes, start - length, id, merger);
                unknownStart = start;
            }
        }

        if (start > unknownStart)
        {
            merger.Add(unknownStart, start - unknownStart, -1);
        }
    }

    private void AddSpelled(ReadOnlySpan<byte> bytes, int start, int id, SymbolMerger merger)
    {
        if (id >= 0)
        {
            merger.Add(start, bytes.Length, id);
            return;
        }

        for (int index = 0; index < bytes.Length; index++)
        {
            merger.Add(start + index, length: 1, _byteIds![bytes[index]]);
        }
    }

    private bool HasBytes(ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            if (_byteIds is null || _byteIds[value] < 0)
            {
                return false;
            }
        }

        return true;
    }
}
