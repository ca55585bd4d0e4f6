using System.Text;
using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers;

/// <summary>Turns text into a model's tokens and back.</summary>
internal abstract class Tokenizer
{
    private readonly SpecialTokenTrie _specials;
    private readonly SpecialTokenTrie _userDefined;
    private readonly byte[]?[] _bytes;

    /// <summary>Indexes the special tokens.</summary>
    protected Tokenizer(Vocabulary vocabulary)
    {
        Vocabulary = vocabulary;
        _bytes = new byte[]?[vocabulary.Count];
        _userDefined = FindTokens(vocabulary, static type => type == TokenType.UserDefined);
        _specials = FindTokens(
            vocabulary, static type => type is TokenType.UserDefined or TokenType.Control or TokenType.Unknown);
    }

    /// <summary>The tokens.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>Whether encoding puts a space before the text, which decoding then takes away.</summary>
    public abstract bool TextStartsWithSpace { get; }

    /// <summary>The tokenizer that a model file describes.</summary>
    /// <exception cref="ModelFormatException">There is no vocabulary, or it does not serve its kind.</exception>
    public static Tokenizer FromGguf(GgufFile file) => Create(VocabularySource.FromGguf(file));

    /// <summary>The tokenizer for a vocabulary.</summary>
    /// <exception cref="ModelFormatException">The vocabulary does not serve its kind of tokenizer.</exception>
    public static Tokenizer Create(VocabularySource source)
    {
        Vocabulary vocabulary = new(source);
        return vocabulary.Kind.Create(vocabulary);
    }

    /// <summary>The tokens of a text.</summary>
    /// <param name="text">Any text; half a surrogate pair counts as U+FFFD.</param>
    /// <param name="parseSpecial">
    /// Whether the spelling of a control token stands for it: never for a user's text.
    /// </param>
    /// <param name="addSpecial">
    /// Whether BOS and EOS are added where the vocabulary asks for them; BOS never twice.
    /// </param>
    public int[] Encode(string text, bool parseSpecial = false, bool addSpecial = true)
    {
        List<int> ids = [];
        Append([new(text, parseSpecial)], ids);
        if (addSpecial && Vocabulary is { AddBos: true, BosId: { } bos } && (ids.Count == 0 || ids[0] != bos))
        {
            ids.Insert(0, bos);
        }

        if (addSpecial && Vocabulary is { AddEos: true, EosId: { } eos })
        {
            ids.Add(eos);
        }

        return [.. ids];
    }

    /// <summary>
    /// Appends the tokens of a text that comes in spans. Spans are joined before they are encoded, so where one ends
    /// makes no difference but this: no special token is found across it.
    /// </summary>
    /// <param name="spans">The text.</param>
    /// <param name="ids">The tokens before it, and after.</param>
    public void Append(ReadOnlySpan<TextSpan> spans, List<int> ids)
    {
        TokenCutter cutter = new(Vocabulary, text => AppendText(text, IsAfterMark(ids), ids), ids.Add);
        foreach (TextSpan span in spans)
        {
            cutter.Add(Encoding.UTF8.GetBytes(span.Text), span.ParseSpecial ? _specials : _userDefined);
        }

        cutter.Flush();
    }

    /// <summary>The text of tokens; what is no valid UTF-8 reads U+FFFD.</summary>
    /// <param name="ids">Tokens; from the beginning of a text.</param>
    /// <param name="showMarks">Whether control tokens are spelled out.</param>
    public string Decode(ReadOnlySpan<int> ids, bool showMarks = false)
    {
        Detokenizer detokenizer = new(this, showMarks);
        StringBuilder text = new();
        foreach (int id in ids)
        {
            _ = text.Append(detokenizer.Append(id));
        }

        return text.Append(detokenizer.Flush()).ToString();
    }

    /// <summary>The bytes that a token stands for; a control token's spelling.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such token.</exception>
    public ReadOnlySpan<byte> BytesOf(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, Vocabulary.Count);
        return _bytes[id] ??= Spell(id);
    }

    /// <summary>Appends the tokens of text in which no special token is left.</summary>
    /// <param name="text">At least a byte of UTF-8, valid unless a special token ends inside a character.</param>
    /// <param name="afterMark">Whether it begins a sequence or follows a special token.</param>
    /// <param name="ids">Appended to.</param>
    protected abstract void AppendText(ReadOnlySpan<byte> text, bool afterMark, List<int> ids);

    /// <summary>The bytes that a token stands for.</summary>
    protected abstract byte[] Spell(int id);

    /// <summary>Refuses a vocabulary in which some text has no tokens.</summary>
    /// <param name="byteIds">The token of each byte, or −1.</param>
    protected void RequireEveryByte(ReadOnlySpan<int> byteIds)
    {
        for (int value = 0; value < byteIds.Length && Vocabulary.UnknownId is null; value++)
        {
            if (byteIds[value] < 0 && Utf8.IsPossible((byte)value))
            {
                throw Vocabulary.Refuse("a token for every byte, or an unknown token", $"none for byte 0x{value:X2}");
            }
        }
    }

    /// <summary>Whether text that comes next begins a sequence or follows a special token.</summary>
    protected bool IsAfterMark(List<int> ids) => ids.Count == 0
        || Vocabulary.TypeOf(ids[^1]) is TokenType.Control or TokenType.UserDefined or TokenType.Unknown;

    private static SpecialTokenTrie FindTokens(Vocabulary vocabulary, Func<TokenType, bool> belongs) => new(
        vocabulary,
        Enumerable.Range(0, vocabulary.Count)
            .Where(id => belongs(vocabulary.TypeOf(id))
                && !vocabulary.MatchingOf(id).HasFlag(TokenMatching.Normalised))
            .Select(id => (vocabulary.SpellingOf(id).ToArray(), id)));
}
