using Chaku.Model.Files;

namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>SentencePiece's <c>tokenizer.model</c>, of its model type BPE.</summary>
/// <remarks>
/// Source: <c>sentencepiece_model.proto</c> of SentencePiece, with its defaults. Its unigram models and its rules of
/// normalisation are refused by name.
/// </remarks>
internal sealed class SentencePieceModel
{
    /// <summary>The file's name.</summary>
    public const string FileName = "tokenizer.model";

    private const int MaximumByteLength = 256 << 20;
    private const long BpeModelType = 2;
    private const string SpaceMark = "\u2581";

    private readonly string _path;
    private readonly Dictionary<string, int> _pieces = new(StringComparer.Ordinal);
    private readonly List<float> _scores = [];
    private readonly List<TokenType> _types = [];
    private long _modelType = 1;
    private long _unknownId;
    private long _bosId = 1;
    private long _eosId = 2;
    private bool _addsPrefix = true;
    private bool _removesSpaces = true;

    private SentencePieceModel(string path) => _path = path;

    /// <summary>Reads the file.</summary>
    /// <exception cref="ModelFormatException">It is broken, or asks for what is not understood.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static SentencePieceModel Read(string path)
    {
        using MappedFile file = MappedFile.Open(path);
        if (file.Length > MaximumByteLength)
        {
            throw new ModelFormatException(path, 0, $"at most {MaximumByteLength} bytes", $"{file.Length}");
        }

        SentencePieceModel model = new(path);
        ProtobufReader reader = new(path, file.Span(0, (int)file.Length), 0);
        while (reader.MoveNext())
        {
            switch (reader.Field)
            {
                case 1:
                    model.ReadPiece(reader.ReadMessage());
                    break;
                case 2:
                    model.ReadTrainer(reader.ReadMessage());
                    break;
                case 3:
                    model.ReadNormaliser(reader.ReadMessage(), isDecoding: false);
                    break;
                case 4:
                    reader.Skip();
                    break;
                case 5:
                    model.ReadNormaliser(reader.ReadMessage(), isDecoding: true);
                    break;
                default:
                    throw reader.Refuse("fields 1 to 5 of a SentencePiece model", $"{reader.Field}");
            }
        }

        return model.Checked(file.Length);
    }

    /// <summary>Makes the tokenizer.</summary>
    /// <param name="config">What the folder says beside it.</param>
    /// <param name="tokenCount">How many tokens there are at least; those that nobody names are unused.</param>
    /// <exception cref="ModelFormatException">The files disagree, or some text would have no tokens.</exception>
    public Tokenizer Build(TokenizerConfig config, int tokenCount)
    {
        TokenTable table = new(_path, _pieces, config.Added.Count);
        for (int id = 0; id < _types.Count; id++)
        {
            table.Mark(id, _types[id]);
        }

        foreach (AddedToken added in config.Added)
        {
            // Text is not normalised here, so that such a token is found wherever it is.
            table.Add(added with { Matching = added.Matching & ~TokenMatching.Normalised });
        }

        VocabularySource source = table.ToSource("llama", tokenCount);
        return Tokenizer.Create(source with
        {
            Scores = [.. _scores, .. new float[source.Tokens.Count - _scores.Count]],
            BosId = table.Find(config.BosToken, "bos_token") ?? _bosId,
            EosId = table.Find(config.EosToken, "eos_token") ?? _eosId,
            UnknownId = _unknownId,
            AddBos = config.AddBos,
            AddEos = config.AddEos,
            AddSpacePrefix = _addsPrefix,
            PaddingId = table.FindIfThere(config.PadToken),
            StopIds = config.StopIds,
        });
    }

    private void ReadPiece(ProtobufReader reader)
    {
        string? piece = null;
        float score = 0;
        TokenType type = TokenType.Normal;
        while (reader.MoveNext())
        {
            switch (reader.Field)
            {
                case 1:
                    piece = reader.ReadText();
                    break;
                case 2:
                    score = reader.ReadSingle();
                    break;
                case 3:
                    // The numbers are those of GGUF, which has them from here.
                    long number = reader.ReadInteger();
                    type = number is >= (int)TokenType.Normal and <= (int)TokenType.Byte
                        ? (TokenType)number
                        : throw reader.Refuse("a type of piece from 1 to 6", $"{number}");
                    break;
                default:
                    throw reader.Refuse("fields 1 to 3 of a piece", $"{reader.Field}");
            }
        }

        if (piece is not { Length: > 0 } || float.IsNaN(score))
        {
            throw reader.Refuse("a piece of at least a character, with a score", $"{piece}, {score}");
        }

        // In a user's own piece a mark stands for a space, and it is looked for in text that still has spaces.
        piece = type == TokenType.UserDefined ? piece.Replace(SpaceMark, " ", StringComparison.Ordinal) : piece;
        if (!_pieces.TryAdd(piece, _types.Count))
        {
            throw reader.Refuse("every piece once", $"{ModelFormatException.Quote(piece)} again");
        }

        _scores.Add(score);
        _types.Add(type);
    }

    private void ReadTrainer(ProtobufReader reader)
    {
        while (reader.MoveNext())
        {
            switch (reader.Field)
            {
                case 3:
                    _modelType = reader.ReadInteger();
                    break;
                case 24 when reader.ReadBoolean():
                    throw reader.Refuse("treat_whitespace_as_suffix to be false", "true");
                case 24:
                    break;
                case 40:
                    _unknownId = reader.ReadInteger();
                    break;
                case 41:
                    _bosId = reader.ReadInteger();
                    break;
                case 42:
                    _eosId = reader.ReadInteger();
                    break;
                default:
                    // How the pieces were found does not matter any more.
                    reader.Skip();
                    break;
            }
        }
    }

    private void ReadNormaliser(ProtobufReader reader, bool isDecoding)
    {
        string name = "";
        while (reader.MoveNext())
        {
            switch (reader.Field)
            {
                case 1:
                    name = reader.ReadText();
                    break;
                case 2 when reader.ReadBytes() is { IsEmpty: false }:
                    throw reader.Refuse(
                        "no table of replacements (precompiled_charsmap)", ModelFormatException.Quote(name));
                case 2:
                    break;
                case 3 when !isDecoding:
                    _addsPrefix = reader.ReadBoolean();
                    break;
                case 4 when !isDecoding:
                    _removesSpaces = reader.ReadBoolean();
                    break;
                case 5 when !isDecoding:
                    if (!reader.ReadBoolean())
                    {
                        throw reader.Refuse("escape_whitespaces to be true", "false");
                    }

                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }

    private SentencePieceModel Checked(long length)
    {
        string? expected = _modelType != BpeModelType ? $"model_type {BpeModelType}, which is BPE"
            : _removesSpaces ? "remove_extra_whitespaces to be false"
            : null;
        return expected is null
            ? this
            : throw new ModelFormatException(
                _path, length, expected, _modelType != BpeModelType ? $"{_modelType}" : "true");
    }
}
