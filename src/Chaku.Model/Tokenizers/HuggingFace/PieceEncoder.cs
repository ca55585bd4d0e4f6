using System.Collections;
using System.Text;

namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>Byte-pair encoding of pieces of text, whose characters are the first symbols.</summary>
/// <remarks>
/// A character without a token is spelled in byte tokens, or else is the unknown token, or else is refused (the
/// reference leaves it out). Safe to share between threads.
/// </remarks>
internal sealed class PieceEncoder
{
    // GPT-2's alphabet and then some: these characters are looked up by their number.
    private const int TableLength = 0x180;

    private readonly int[] _table = new int[TableLength];
    private readonly Dictionary<int, int> _letters = [];
    private readonly MergeTable _merges;
    private readonly WordCache _cache = new();
    private readonly Vocabulary _vocabulary;

    // The model's own tokens, where a piece that is one is not merged; else null.
    private readonly BitArray? _wholes;
    private readonly int[]? _byteIds;
    private readonly int? _unknownId;
    private readonly bool _fusesUnknown;
    private readonly bool _spellsBytes;

    // Cuts what no step has cut; null where pieces are words already, or have to be seen whole.
    private readonly PieceBorders? _borders;

    /// <summary>Indexes what the file says.</summary>
    /// <param name="fields">The model.</param>
    /// <param name="vocabulary">Says which tokens text may become; never marks.</param>
    /// <param name="spellsBytes">Whether the letters of a piece stand for bytes.</param>
    public PieceEncoder(BpeFields fields, Vocabulary vocabulary, bool spellsBytes = false)
    {
        _spellsBytes = spellsBytes;
        _fusesUnknown = fields.FusesUnknown;
        _unknownId = fields.UnknownToken is { } unknown ? fields.Ids[unknown] : null;
        _byteIds = fields.FallsBackToBytes ? FindBytes(fields) : null;
        _vocabulary = vocabulary;
        _wholes = fields.IgnoresMerges ? new(vocabulary.Count) : null;
        Array.Fill(_table, -1);
        foreach ((string token, int id) in fields.Ids)
        {
            if (vocabulary.IsText(id))
            {
                Index(token, id);
            }
        }

        bool joinsAcross = !HasEveryByte && _fusesUnknown;
        _borders = Find(SpaceMark) >= 0 && _wholes is null && !joinsAcross ? new(vocabulary) : null;
        _merges = new(fields.Merges.Count);
        for (int rank = fields.Merges.Count - 1; rank >= 0; rank--)
        {
            // The last first: of the same pair twice, the later rank holds.
            TokenMerge merge = fields.Merges[rank];
            if (vocabulary.IsText(merge.MergedId))
            {
                _merges.Add(merge.LeftId, merge.RightId, (uint)rank, merge.MergedId);
            }
        }
    }

    /// <summary>SentencePiece's sign for a space.</summary>
    private static Rune SpaceMark { get; } = new('\u2581');

    // A byte below 0x80 is a character; Gemma has no byte token for the tab, which is a token itself.
    private bool HasEveryByte => _byteIds is not null && Enumerable.Range(0, _byteIds.Length).All(
        value => _byteIds[value] >= 0 || (value < 0x80 && Find(new Rune(value)) >= 0));

    /// <summary>Whether every text has tokens; else only those of some letters have.</summary>
    public bool SpellsEverything => _unknownId is not null || HasEveryByte;

    /// <summary>The character's token, or −1.</summary>
    public int Find(Rune letter) => letter.Value < TableLength
        ? _table[letter.Value]
        : _letters.GetValueOrDefault(letter.Value, -1);

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
            while (!piece.IsEmpty)
            {
                int word = _borders?.WordLength(piece) ?? piece.Length;
                AppendPiece(piece[..word], merger, ids);
                piece = piece[word..];
            }
        }
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
        _wholes?.Set(id, true);
        if (token.Length > 0
            && Rune.TryGetRuneAt(token, 0, out Rune letter)
            && letter.Utf16SequenceLength == token.Length)
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

    private void AppendPiece(ReadOnlySpan<byte> piece, SymbolMerger merger, List<int> ids)
    {
        if (_cache.TryAppend(piece, ids))
        {
            return;
        }

        int start = ids.Count;
        if (_wholes is not null && _vocabulary.TryFindText(piece, out int whole) && _wholes[whole])
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
            if (isSpelled || !_fusesUnknown)
            {
                AddUnknown(piece, unknownStart, start, merger);
                unknownStart = start;
            }

            start += length;
            if (isSpelled)
            {
                AddSpelled(bytes, start - length, id, merger);
                unknownStart = start;
            }
        }

        AddUnknown(piece, unknownStart, start, merger);
    }

    private void AddUnknown(ReadOnlySpan<byte> piece, int start, int end, SymbolMerger merger)
    {
        if (end == start)
        {
            return;
        }

        if (_unknownId is null)
        {
            throw Unspellable(piece, start);
        }

        merger.Add(start, end - start, -1);
    }

    private UnspellableTextException Unspellable(ReadOnlySpan<byte> piece, int start)
    {
        if (_spellsBytes)
        {
            return UnspellableTextException.OfByte(
                ByteLevelAlphabet.Decode(piece), ByteLevelAlphabet.Decode(piece[..start]).Length);
        }

        _ = Rune.DecodeFromUtf8(piece[start..], out Rune letter, out _);
        return new(letter);
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
