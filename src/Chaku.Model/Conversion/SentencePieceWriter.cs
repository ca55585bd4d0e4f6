using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Chaku.Model.Tokenizers;

namespace Chaku.Model.Conversion;

/// <summary>Writes a vocabulary as SentencePiece's <c>tokenizer.model</c>, of its model type BPE.</summary>
/// <remarks>
/// Source: <c>sentencepiece_model.proto</c> of SentencePiece; the wire format of protocol buffers.
/// </remarks>
internal static class SentencePieceWriter
{
    private const int VarInt = 0;
    private const int Bytes = 2;
    private const int Fixed32 = 5;

    private const long BpeModelType = 2;
    private const string SpaceMark = "\u2581";

    // Fields of the model, of a piece, of the trainer's settings and of the normaliser's.
    private const int Piece = 1;
    private const int Trainer = 2;
    private const int Normaliser = 3;

    /// <summary>The bytes of the file.</summary>
    /// <param name="vocabulary">A vocabulary with scores.</param>
    /// <param name="remarks">Gets what had to be left out.</param>
    public static byte[] ToBytes(Vocabulary vocabulary, List<string> remarks)
    {
        ArrayBufferWriter<byte> output = new();
        HashSet<string> seen = new(StringComparer.Ordinal);
        int renamed = 0;
        for (int id = 0; id < vocabulary.Count; id++)
        {
            string spelling = Spelling(vocabulary, id);
            if (spelling.Length == 0 || !seen.Add(spelling))
            {
                // Every piece is there once; the place keeps the ids of those behind it.
                spelling = $"[PAD{id}]";
                _ = seen.Add(spelling);
                renamed++;
            }

            Message(output, Piece, piece => WritePiece(piece, vocabulary, id, spelling));
        }

        if (renamed > 0)
        {
            remarks.Add($"{renamed} tokens without a spelling of their own are named [PAD…] in tokenizer.model");
        }

        Message(output, Trainer, trainer => WriteTrainer(trainer, vocabulary));
        Message(output, Normaliser, normaliser =>
        {
            Text(normaliser, 1, "identity");
            Number(normaliser, 3, vocabulary.AddSpacePrefix ? 1 : 0);
            Number(normaliser, 4, 0);
            Number(normaliser, 5, 1);
        });
        return output.WrittenSpan.ToArray();
    }

    private static string Spelling(Vocabulary vocabulary, int id)
    {
        string spelling = Encoding.UTF8.GetString(vocabulary.SpellingOf(id));
        return vocabulary.TypeOf(id) == TokenType.UserDefined
            ? spelling.Replace(" ", SpaceMark, StringComparison.Ordinal)
            : spelling;
    }

    private static void WritePiece(ArrayBufferWriter<byte> output, Vocabulary vocabulary, int id, string spelling)
    {
        Text(output, 1, spelling);
        Tag(output, 2, Fixed32);
        BinaryPrimitives.WriteSingleLittleEndian(output.GetSpan(sizeof(float)), vocabulary.Source.Scores![id]);
        output.Advance(sizeof(float));
        Number(output, 3, (long)TypeOf(vocabulary, id));
    }

    // Readers want exactly one unknown piece. Where the model takes it for a mark, tokenizer_config.json says so.
    private static TokenType TypeOf(Vocabulary vocabulary, int id) =>
        id == vocabulary.UnknownId ? TokenType.Unknown : vocabulary.TypeOf(id) switch
        {
            TokenType.Undefined => TokenType.Normal,
            TokenType.Unknown => TokenType.Control,
            TokenType type => type,
        };

    private static void WriteTrainer(ArrayBufferWriter<byte> output, Vocabulary vocabulary)
    {
        Number(output, 3, BpeModelType);
        Number(output, 4, vocabulary.Count);
        bool hasBytes = Enumerable.Range(0, vocabulary.Count).Any(id => vocabulary.TypeOf(id) == TokenType.Byte);
        Number(output, 35, hasBytes ? 1 : 0);
        Number(output, 40, vocabulary.UnknownId ?? 0);
        Number(output, 41, vocabulary.BosId ?? -1);
        Number(output, 42, vocabulary.EosId ?? -1);
    }

    private static void Message(ArrayBufferWriter<byte> output, int field, Action<ArrayBufferWriter<byte>> write)
    {
        ArrayBufferWriter<byte> inner = new();
        write(inner);
        Tag(output, field, Bytes);
        Integer(output, inner.WrittenCount);
        output.Write(inner.WrittenSpan);
    }

    private static void Text(ArrayBufferWriter<byte> output, int field, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Tag(output, field, Bytes);
        Integer(output, bytes.Length);
        output.Write(bytes);
    }

    private static void Number(ArrayBufferWriter<byte> output, int field, long value)
    {
        Tag(output, field, VarInt);
        Integer(output, value);
    }

    private static void Tag(ArrayBufferWriter<byte> output, int field, int wireType) =>
        Integer(output, (field << 3) | wireType);

    // Seven bits in a byte, the lowest first; a negative number takes ten.
    private static void Integer(ArrayBufferWriter<byte> output, long value)
    {
        ulong rest = (ulong)value;
        do
        {
            output.GetSpan(1)[0] = (byte)((rest & 0x7F) | (rest > 0x7F ? 0x80u : 0));
            output.Advance(1);
            rest >>= 7;
        }
        while (rest != 0);
    }
}
