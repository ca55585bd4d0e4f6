namespace Chaku.Model.Tokenizers;

/// <summary>SentencePiece's byte-pair encoding: characters are merged into the piece with the best score.</summary>
/// <remarks>
/// A space is written U+2581, and one goes before the first word where the vocabulary says so. A character that is no
/// piece is spelled in byte tokens, or else is the unknown token. U+2581 itself reads back as a space.
/// Source: arXiv:1808.06226.
/// </remarks>
internal sealed class SentencePieceTokenizer : Tokenizer
{
    private readonly int[] _byteIds;
    private readonly int _maxPieceLength;
    private readonly PieceBorders _borders;
    private readonly WordCache _cache = new();

    /// <summary>Checks that every text can be spelled.</summary>
    /// <exception cref="ModelFormatException">
    /// There are no scores, or bytes without a token and no unknown token.
    /// </exception>
    public SentencePieceTokenizer(Vocabulary vocabulary)
        : base(vocabulary)
    {
        if (vocabulary.Source.Scores is null)
        {
            throw vocabulary.Refuse("tokenizer.ggml.scores, a score per token", "no such key");
        }

        _byteIds = FindByteIds(vocabulary);
        _maxPieceLength = vocabulary.Source.Tokens.Max(static token => token.Length);
        _borders = new(vocabulary);
        RequireEveryByte(_byteIds);
    }

    /// <summary>U+2581, which stands for a space.</summary>
    private static ReadOnlySpan<byte> SpaceMark => "\u2581"u8;

    /// <inheritdoc/>
    public override bool TextStartsWithSpace => Vocabulary.AddSpacePrefix;

    /// <inheritdoc/>
    protected override void AppendText(ReadOnlySpan<byte> text, bool afterMark, List<int> ids)
    {
        byte[] escaped = Escape(text, afterMark && Vocabulary.AddSpacePrefix);
        SymbolMerger merger = new();
        for (int start = 0; start < escaped.Length;)
        {
            int length = _borders.WordLength(escaped.AsSpan(start));
            AppendWord(escaped, start, length, merger, ids);
            start += length;
        }
    }

    /// <inheritdoc/>
    protected override byte[] Spell(int id)
    {
        ReadOnlySpan<byte> spelling = Vocabulary.SpellingOf(id);
        return Vocabulary.TypeOf(id) switch
        {
            TokenType.Byte when ByteSpelling.Parse(spelling) is { } value => [value],
            TokenType.Control or TokenType.Unknown or TokenType.UserDefined => spelling.ToArray(),
            _ => Unescape(spelling),
        };
    }

    private static int[] FindByteIds(Vocabulary vocabulary)
    {
        int[] ids = new int[256];
        Array.Fill(ids, -1);
        for (int id = vocabulary.Count - 1; id >= 0; id--)
        {
            if (vocabulary.TypeOf(id) == TokenType.Byte && ByteSpelling.Parse(vocabulary.SpellingOf(id)) is { } value)
            {
                ids[value] = id;
            }
        }

        return ids;
    }

    private static byte[] Escape(ReadOnlySpan<byte> text, bool withPrefix)
    {
        int spaces = text.Count((byte)' ') + (withPrefix ? 1 : 0);
        byte[] escaped = new byte[text.Length + (spaces * (SpaceMark.Length - 1)) + (withPrefix ? 1 : 0)];
        int written = 0;
        if (withPrefix)
        {
            SpaceMark.CopyTo(escaped);
            written = SpaceMark.Length;
        }

        foreach (byte letter in text)
        {
            if (letter == ' ')
            {
                SpaceMark.CopyTo(escaped.AsSpan(written));
                written += SpaceMark.Length;
            }
            else
            {
                escaped[written++] = letter;
            }
        }

        return escaped;
    }

    private static byte[] Unescape(ReadOnlySpan<byte> spelling)
    {
        List<byte> text = new(spelling.Length);
        while (!spelling.IsEmpty)
        {
            bool isSpace = spelling.StartsWith(SpaceMark);
            text.Add(isSpace ? (byte)' ' : spelling[0]);
            spelling = spelling[(isSpace ? SpaceMark.Length : 1)..];
        }

        return [.. text];
    }

    private void AppendWord(byte[] text, int start, int length, SymbolMerger merger, List<int> ids)
    {
        ReadOnlySpan<byte> word = text.AsSpan(start, length);
        if (_cache.TryAppend(word, ids))
        {
            return;
        }

        int count = ids.Count;
        merger.Clear();
        for (int end = start + length; start < end;)
        {
            int letterLength = Math.Min(Utf8.SequenceLength(text[start]), end - start);
            bool isPiece = Vocabulary.TryFindText(text.AsSpan(start, letterLength), out int id);
            merger.Add(start, letterLength, isPiece ? id : -1);
            start += letterLength;
        }

        foreach (Symbol symbol in merger.Merge(new ScoreRule(this, text)))
        {
            if (symbol.Length > 0)
            {
                AppendSymbol(symbol, text, ids);
            }
        }

        _cache.Add(word, ids, count);
    }

    private void AppendSymbol(in Symbol symbol, ReadOnlySpan<byte> text, List<int> ids)
    {
        if (symbol.Id >= 0)
        {
            ids.Add(symbol.Id);
            return;
        }

        ReadOnlySpan<byte> bytes = text.Slice(symbol.Start, symbol.Length);
        foreach (byte value in bytes)
        {
            if (_byteIds[value] < 0)
            {
                ids.Add(Vocabulary.UnknownId!.Value);
                return;
            }
        }

        foreach (byte value in bytes)
        {
            ids.Add(_byteIds[value]);
        }
    }

    private readonly struct ScoreRule(SentencePieceTokenizer tokenizer, byte[] text) : IMergeRule
    {
        public bool TryMerge(in Symbol left, in Symbol right, out uint order, out int id)
        {
            int length = left.Length + right.Length;
            order = 0;
            id = -1;
            if (length > tokenizer._maxPieceLength
                || !tokenizer.Vocabulary.TryFindText(text.AsSpan(left.Start, length), out id))
            {
                return false;
            }

            order = Descending(tokenizer.Vocabulary.Source.Scores![id]);
            return true;
        }

        /// <summary>Numbers that grow as the score falls; adding 0 makes −0 and +0 one.</summary>
        private static uint Descending(float score)
        {
            uint bits = BitConverter.SingleToUInt32Bits(score + 0f);
            return (bits & 0x8000_0000) != 0 ? bits : ~bits & 0x7FFF_FFFF;
        }
    }
}
