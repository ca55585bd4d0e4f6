using System.Runtime.InteropServices;
using System.Text;

namespace Chaku.Model.Tokenizers;

/// <summary>GPT-2's byte-pair encoding: text is cut into words, and the bytes of each are merged by rank.</summary>
/// <remarks>
/// A byte that has no token is the unknown token; where there is none, the text is refused
/// (<see cref="UnspellableTextException"/>): some vocabularies lack control characters and planes in which Unicode has
/// no characters yet, and the models' own tokenizers leave them out. Source: Radford et al. 2019, section 2.2.
/// </remarks>
internal sealed class ByteLevelBpeTokenizer : Tokenizer
{
    private readonly PreTokenizer _preTokenizer;
    private readonly int[] _byteIds;
    private readonly MergeTable _merges;
    private readonly int? _unknownId;
    private readonly WordCache _cache = new();

    /// <summary>Checks that every text can be spelled.</summary>
    /// <exception cref="ModelFormatException">
    /// There are no merges, the pre-tokenizer is unknown, or bytes of text have no token and there is no unknown token.
    /// </exception>
    public ByteLevelBpeTokenizer(Vocabulary vocabulary)
        : base(vocabulary)
    {
        _preTokenizer = PreTokenizers.Find(vocabulary);
        _byteIds = FindByteIds(vocabulary);
        _merges = ReadMerges(vocabulary);
        bool hasUnknown = vocabulary.UnknownId is { } id && vocabulary.TypeOf(id) == TokenType.Unknown;
        _unknownId = hasUnknown ? vocabulary.UnknownId : null;
        RequireText(vocabulary, _byteIds, hasUnknown);
    }

    /// <inheritdoc/>
    public override bool TextStartsWithSpace => false;

    /// <inheritdoc/>
    protected override void AppendText(ReadOnlySpan<byte> text, bool afterMark, List<int> ids)
    {
        List<int> wordLengths = [];
        _preTokenizer.Split(text, wordLengths);
        SymbolMerger merger = new();
        foreach (int length in wordLengths)
        {
            AppendWord(text[..length], merger, ids);
            text = text[length..];
        }
    }

    /// <inheritdoc/>
    protected override byte[] Spell(int id)
    {
        ReadOnlySpan<byte> spelling = Vocabulary.SpellingOf(id);
        return Vocabulary.TypeOf(id) is TokenType.Control or TokenType.Unknown or TokenType.UserDefined
            ? spelling.ToArray()
            : ByteLevelAlphabet.Decode(spelling);
    }

    private static int[] FindByteIds(Vocabulary vocabulary)
    {
        int[] ids = new int[256];
        for (int value = 0; value < ids.Length; value++)
        {
            string letter = ByteLevelAlphabet.LetterOf((byte)value).ToString();
            ids[value] = vocabulary.TryFindText(Encoding.UTF8.GetBytes(letter), out int id) ? id : -1;
        }

        return ids;
    }

    /// <summary>Refuses a vocabulary that cannot spell the characters of Unicode's first four planes.</summary>
    /// <param name="vocabulary">Named where it is refused.</param>
    /// <param name="byteIds">The token of each byte, or −1.</param>
    /// <param name="hasUnknown">Whether there is a token for what has none.</param>
    public static void RequireText(Vocabulary vocabulary, ReadOnlySpan<int> byteIds, bool hasUnknown)
    {
        for (int value = 0; value < byteIds.Length && !hasUnknown; value++)
        {
            bool isText = value is '\n' or (>= ' ' and <= '~') or (>= 0x80 and <= 0xBF) or (>= 0xC2 and <= 0xF0);
            if (isText && byteIds[value] < 0)
            {
                throw vocabulary.Refuse(
                    "a token for every byte of text, or an unknown token", $"none for byte 0x{value:X2}");
            }
        }
    }

    /// <summary>Merges that name tokens the vocabulary has not can never happen, and are left out.</summary>
    private static MergeTable ReadMerges(Vocabulary vocabulary)
    {
        IReadOnlyList<byte[]> lines = vocabulary.Source.Merges
            ?? throw vocabulary.Refuse("tokenizer.ggml.merges, the pairs to be merged", "no such key");
        MergeTable merges = new(lines.Count);
        List<byte> joined = [];
        for (int rank = 0; rank < lines.Count; rank++)
        {
            // A pair is two tokens with a space between; the left one may itself begin with a space.
            ReadOnlySpan<byte> line = lines[rank];
            int space = line.Length > 1 ? line[1..].IndexOf((byte)' ') + 1 : 0;
            if (space > 0
                && vocabulary.TryFindText(line[..space], out int left)
                && vocabulary.TryFindText(line[(space + 1)..], out int right)
                && vocabulary.TryFindText(Join(line, space, joined), out int merged))
            {
                merges.Add(left, right, (uint)rank, merged);
            }
        }

        return merges;
    }

    private static ReadOnlySpan<byte> Join(ReadOnlySpan<byte> line, int space, List<byte> joined)
    {
        joined.Clear();
        joined.AddRange(line[..space]);
        joined.AddRange(line[(space + 1)..]);
        return CollectionsMarshal.AsSpan(joined);
    }

    private void AppendWord(ReadOnlySpan<byte> word, SymbolMerger merger, List<int> ids)
    {
        if (_cache.TryAppend(word, ids))
        {
            return;
        }

        int start = ids.Count;
        if (_preTokenizer.IgnoresMerges && Vocabulary.TryFindText(ByteLevelAlphabet.Encode(word), out int id))
        {
            ids.Add(id);
        }
        else
        {
            MergeWord(word, merger, ids);
        }

        _cache.Add(word, ids, start);
    }

    private void MergeWord(ReadOnlySpan<byte> word, SymbolMerger merger, List<int> ids)
    {
        merger.Clear();
        for (int start = 0; start < word.Length; start++)
        {
            int id = _byteIds[word[start]];
            bool isSpelled = id >= 0 || _unknownId is not null;
            merger.Add(start, length: 1, isSpelled ? id : throw UnspellableTextException.OfByte(word, start));
        }

        foreach (Symbol symbol in merger.Merge(_merges))
        {
            if (symbol.Length > 0)
            {
                ids.Add(symbol.Id >= 0 ? symbol.Id : _unknownId!.Value);
            }
        }
    }
}
