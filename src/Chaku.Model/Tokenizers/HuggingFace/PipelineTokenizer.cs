using Chaku.Model.Tokenizers.HuggingFace.PreTokenisation;

namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>What a <c>tokenizer.json</c> describes: text is normalised, cut, and merged.</summary>
internal sealed class PipelineTokenizer : Tokenizer
{
    private readonly TextPipeline _pipeline;
    private readonly SpecialTokenTrie? _normalisedTokens;

    /// <summary>Puts the parts together.</summary>
    public PipelineTokenizer(Vocabulary vocabulary, TextPipeline pipeline)
        : base(vocabulary)
    {
        _pipeline = pipeline;
        (byte[] Spelling, int Id)[] normalised =
        [
            .. (vocabulary.Source.Matching ?? new Dictionary<int, TokenMatching>())
                .Where(static entry => entry.Value.HasFlag(TokenMatching.Normalised))
                .Select(entry => (Normalise(vocabulary.SpellingOf(entry.Key).ToArray(), afterMark: true), entry.Key)),
        ];
        _normalisedTokens = normalised.Length > 0 ? new(vocabulary, normalised) : null;
    }

    /// <inheritdoc/>
    public override bool TextStartsWithSpace => _pipeline.Decoder.DropsFirstSpace;

    /// <inheritdoc/>
    protected override void AppendText(ReadOnlySpan<byte> text, bool afterMark, List<int> ids)
    {
        byte[] normalised = Normalise(text.ToArray(), afterMark);
        if (_normalisedTokens is null)
        {
            AppendNormalised(normalised, afterMark, ids);
            return;
        }

        TokenCutter cutter = new(Vocabulary, rest => AppendNormalised(rest.ToArray(), IsAfterMark(ids), ids), ids.Add);
        cutter.Add(normalised, _normalisedTokens);
        cutter.Flush();
    }

    /// <inheritdoc/>
    protected override byte[] Spell(int id)
    {
        byte[] spelling = Vocabulary.SpellingOf(id).ToArray();
        return Vocabulary.TypeOf(id) switch
        {
            TokenType.Control or TokenType.Unknown => spelling,
            TokenType.UserDefined when !_pipeline.Decoder.AppliesToAdded => spelling,
            _ => _pipeline.Decoder.Apply(spelling),
        };
    }

    private byte[] Normalise(byte[] text, bool afterMark) =>
        text.Length > 0 && _pipeline.Normaliser is { } normaliser ? normaliser.Apply(text, afterMark) : text;

    private void AppendNormalised(byte[] text, bool afterMark, List<int> ids)
    {
        if (text.Length == 0)
        {
            return;
        }

        Pieces pieces = new(text, afterMark, isFirst: ids.Count == 0);
        _pipeline.PreTokeniser?.Apply(pieces);
        _pipeline.Encoder.Append(pieces.Text, pieces.Lengths, ids);
    }
}
