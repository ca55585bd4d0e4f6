using System.Text;
using Chaku.Model.Tokenizers.HuggingFace.Decoders;
using Chaku.Model.Tokenizers.HuggingFace.Normalisers;
using Chaku.Model.Tokenizers.HuggingFace.PreTokenisation;

namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>All that a folder's files say of a tokenizer whose model is byte-pair encoding.</summary>
internal sealed record TokenizerDefinition
{
    /// <summary>The file, for messages.</summary>
    public required string File { get; init; }

    /// <summary>The model.</summary>
    public required BpeFields Model { get; init; }

    /// <summary>Tokens that are found in text by their spelling.</summary>
    public IReadOnlyList<AddedToken> Added { get; init; } = [];

    /// <summary>Rewrites text; null where nothing does.</summary>
    public TextNormaliser? Normaliser { get; init; }

    /// <summary>Cuts text; null where nothing does.</summary>
    public PieceStep? PreTokeniser { get; init; }

    /// <summary>The tokens around a text.</summary>
    public TextFrame Frame { get; init; } = TextFrame.Empty;

    /// <summary>Turns a token's spelling into its bytes.</summary>
    public required TokenDecoder Decoder { get; init; }

    /// <summary>Whether the letters of tokens stand for bytes, as GPT-2's do.</summary>
    public bool SpellsBytes => Normaliser is { SpellsBytes: true } || PreTokeniser is { SpellsBytes: true };

    /// <summary>Makes the tokenizer.</summary>
    /// <param name="config">What the folder says beside it.</param>
    /// <param name="tokenCount">How many tokens there are at least; those that nobody names are unused.</param>
    /// <exception cref="ModelFormatException">The files disagree, or some text would have no tokens.</exception>
    public Tokenizer Build(TokenizerConfig config, int tokenCount)
    {
        TokenTable table = new(File, Model.Ids, Added.Count + config.Added.Count);
        for (int value = 0; value < 256 && Model.FallsBackToBytes; value++)
        {
            if (Model.Ids.TryGetValue(ByteSpelling.Of((byte)value), out int id))
            {
                table.Mark(id, TokenType.Byte);
            }
        }

        foreach (AddedToken added in Added.Concat(config.Added))
        {
            table.Add(added);
        }

        VocabularySource source = table.ToSource("bpe", tokenCount);
        int? before = Single(Frame.Before, "before", source.Tokens.Count);
        int? after = Single(Frame.After, "after", source.Tokens.Count);
        source = source with
        {
            BosId = before ?? table.Find(config.BosToken, "bos_token"),
            EosId = FindEos(table.Find(config.EosToken, "eos_token"), after),
            UnknownId = Model.UnknownToken is { } unknown ? Model.Ids[unknown] : -1,
            AddBos = config.AddBos ?? Frame.Before.Count > 0,
            AddEos = config.AddEos ?? Frame.After.Count > 0,
            PaddingId = table.FindIfThere(config.PadToken),
            StopIds = config.StopIds,
        };
        Vocabulary vocabulary = new(source, new TokenizerKind { Name = source.Kind, Create = Create });
        return vocabulary.Kind.Create(vocabulary);
    }

    private PipelineTokenizer Create(Vocabulary vocabulary)
    {
        PieceEncoder encoder = new(Model, vocabulary, SpellsBytes);
        int[] byteIds = [.. Enumerable.Range(0, 256).Select(
            value => SpellsBytes ? encoder.Find(new Rune(ByteLevelAlphabet.LetterOf((byte)value))) : -1)];
        ByteLevelBpeTokenizer.RequireText(vocabulary, byteIds, encoder.SpellsEverything);
        return new(vocabulary, new(Normaliser, PreTokeniser, encoder, Decoder));
    }

    private int? FindEos(int? named, int? after) => named is null || after is null || named == after
        ? named ?? after
        : throw new ModelFormatException(File, 0, $"token {named}, the eos_token, after a text", $"{after}");

    private int? Single(IReadOnlyList<int> ids, string where, int tokenCount) => ids switch
    {
        [] => null,
        [int id] when id < tokenCount => id,
        _ => throw new ModelFormatException(
            File,
            0,
            $"at most one token {where} a text, below {tokenCount}",
            string.Join(", ", ids.Take(10))),
    };
}
