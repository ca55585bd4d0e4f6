using System.Text;
using Chaku.Model.Tokenizers;
using Chaku.Model.Tokenizers.HuggingFace;

namespace Chaku.Model.Conversion;

/// <summary>Finds the vocabulary, as GGUF describes one, that gives a folder's tokenizer's tokens.</summary>
internal static class GgufVocabulary
{
    private const string SentencePiece = "llama";
    private const string ByteLevel = "gpt2";

    /// <summary>Finds it.</summary>
    /// <param name="text">What the folder says of text.</param>
    /// <param name="tokenizer">The folder's tokenizer.</param>
    /// <param name="architecture">The model's, as GGUF names it.</param>
    /// <exception cref="ModelFormatException">None gives the same tokens for difficult text.</exception>
    public static VocabularySource Find(TokenizerFolder text, Tokenizer tokenizer, string architecture)
    {
        Vocabulary vocabulary = tokenizer.Vocabulary;
        VocabularySource plain = vocabulary.Source with
        {
            Architecture = architecture,
            Tokens = [.. Enumerable.Range(0, vocabulary.Count).Select(id => Spelling(vocabulary, id))],
            Types = [.. Enumerable.Range(0, vocabulary.Count).Select(id => (int)vocabulary.TypeOf(id))],
            BosId = vocabulary.BosId,
            EosId = vocabulary.EosId,
            UnknownId = vocabulary.UnknownId ?? -1,
            AddBos = vocabulary.AddBos,
            AddEos = vocabulary.AddEos,
            StopIds = [],
        };
        return Candidates(text, WithStops(plain, vocabulary))
            .Select(candidate => candidate with { Matching = GgufMatching.Find(candidate) })
            .FirstOrDefault(candidate => IsSame(tokenizer, candidate))
            ?? throw vocabulary.Refuse(
                "a tokenizer that GGUF has words for", "one whose tokens for difficult text none of them gives");
    }

    // GGUF names two tokens beside EOS that end an answer; the usual ones need no name. Whatever has one is a mark to
    // readers, so that ordinary text would lose a token that did.
    private static VocabularySource WithStops(VocabularySource plain, Vocabulary vocabulary)
    {
        int[] marks =
        [
            .. vocabulary.EndOfGeneration.Except(new Vocabulary(plain, vocabulary.Kind).EndOfGeneration)
                .Where(id => vocabulary.TypeOf(id) is TokenType.Control or TokenType.UserDefined)
                .Order(),
        ];
        return plain with
        {
            EotId = marks.Length > 0 ? marks[0] : null,
            EomId = marks.Length > 1 ? marks[1] : null,
        };
    }

    private static IEnumerable<VocabularySource> Candidates(TokenizerFolder text, VocabularySource plain)
    {
        if (text.Definition is not { } definition)
        {
            return [plain];
        }

        if (!definition.SpellsBytes)
        {
            VocabularySource merged = FromMerges(definition.Model, plain);
            return [.. FromSentencePiece(text, plain), merged, merged with { AddSpacePrefix = false }];
        }

        byte[][] merges = [.. definition.Model.Merges.Select(merge => (byte[])
            [.. plain.Tokens[merge.LeftId], (byte)' ', .. plain.Tokens[merge.RightId]])];
        return PreTokenizers.All
            .Where(entry => entry.IgnoresMerges == definition.Model.IgnoresMerges)
            .OrderByDescending(
                entry => definition.PreTokeniser is { SpellsBytes: true } step && TokenizerProbe.CutSame(step, entry))
            .ThenByDescending(entry => entry.Architectures.Contains(plain.Architecture))
            .Select(entry => plain with
            {
                Kind = ByteLevel,
                PreTokenizer = entry.Names[0],
                Merges = merges,
                Types = TypesWithUnknown(definition.Model, plain),
            });
    }

    private static IEnumerable<VocabularySource> FromSentencePiece(TokenizerFolder text, VocabularySource plain) =>
        text.OpenSentencePiece(plain.Tokens.Count) is { } pieces
            && pieces.Vocabulary.Count == plain.Tokens.Count
                ? [plain with
                {
                    Kind = SentencePiece,
                    Types = TypesWithPieces(pieces.Vocabulary, plain),
                    Scores = pieces.Vocabulary.Source.Scores,
                    AddSpacePrefix = pieces.Vocabulary.AddSpacePrefix,
                }]
                : [];

    // SentencePiece merges by the score of what comes of it; a list of merges was made in the order of these scores.
    private static VocabularySource FromMerges(BpeFields model, VocabularySource plain)
    {
        float[] scores = new float[plain.Tokens.Count];
        for (int rank = model.Merges.Count - 1; rank >= 0; rank--)
        {
            scores[model.Merges[rank].MergedId] = -(rank + 1);
        }

        return plain with { Kind = SentencePiece, Scores = scores };
    }

    private static bool IsSame(Tokenizer tokenizer, VocabularySource candidate)
    {
        try
        {
            return TokenizerProbe.AreSame(tokenizer, Tokenizer.Create(candidate));
        }
        catch (ModelFormatException)
        {
            // A vocabulary that this kind of tokenizer cannot be made of is none that gives the same tokens.
            return false;
        }
    }

    // What stands for letters without a token has a type of its own, which folders take for one mark among others.
    private static int[] TypesWithUnknown(BpeFields model, VocabularySource plain)
    {
        int[] types = [.. plain.Types!];
        if (model.UnknownToken is { } unknown)
        {
            types[model.Ids[unknown]] = (int)TokenType.Unknown;
        }

        return types;
    }

    // Other files of the folder know of marks, and SentencePiece's of what is unknown or unused.
    private static int[] TypesWithPieces(Vocabulary pieces, VocabularySource plain) =>
    [
        .. plain.Types!.Select((type, id) =>
            (TokenType)type is TokenType.Control or TokenType.UserDefined && pieces.TypeOf(id) != TokenType.Unknown
                ? type
                : (int)pieces.TypeOf(id)),
    ];

    // Nobody named the token: readers want every spelling once, and none empty.
    private static byte[] Spelling(Vocabulary vocabulary, int id) =>
        vocabulary.SpellingOf(id) is { IsEmpty: false } spelling
            ? spelling.ToArray()
            : Encoding.UTF8.GetBytes($"[PAD{id}]");
}
