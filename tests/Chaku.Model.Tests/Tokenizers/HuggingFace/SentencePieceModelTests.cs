using System.Text;
using Chaku.Model.Files;
using Chaku.Model.Tokenizers;
using Chaku.Model.Tokenizers.HuggingFace;
using Chaku.Tests;
using CsCheck;

namespace Chaku.Model.Tests.Tokenizers.HuggingFace;

public sealed class SentencePieceModelTests
{
    // Model type BPE; white space kept; the rest as SentencePiece has it where a file is silent.
    private static readonly byte[] Trainer = ProtobufBytes.Bytes(2, ProtobufBytes.Number(3, 2));
    private static readonly byte[] Normaliser = ProtobufBytes.Bytes(3, ProtobufBytes.Number(4, 0));

    private static readonly byte[] Pieces =
    [
        .. ProtobufBytes.Piece("<unk>", 0, 2),
        .. ProtobufBytes.Piece("<s>", 0, 3),
        .. ProtobufBytes.Piece("</s>", 0, 3),
        .. ProtobufBytes.Piece("▁▁", 0, 4),
        .. ProtobufBytes.Piece("▁", -3, 1),
        .. ProtobufBytes.Piece("a", -2, 1),
        .. ProtobufBytes.Piece("▁a", -1, 1),
    ];

    [Fact]
    public void A_small_model_gives_what_its_scores_say()
    {
        Tokenizer tokenizer = Open([.. Pieces, .. Trainer, .. Normaliser])!;

        Assert.Equal([1, 6, 6, 5], tokenizer.Encode("a aa"));
        Assert.Equal("a aa", tokenizer.Decode([1, 6, 6, 5]));
        Assert.Equal([1, 4, 0], tokenizer.Encode("?"));
        Vocabulary vocabulary = tokenizer.Vocabulary;
        Assert.Equal((1, 2, 0), (vocabulary.BosId, vocabulary.EosId, vocabulary.UnknownId));
    }

    [Fact]
    public void A_users_own_piece_is_found_where_its_marks_are_spaces() =>
        Assert.Equal([1, 6, 3, 6], Open([.. Pieces, .. Trainer, .. Normaliser])!.Encode("a  a"));

    [Fact]
    public void Without_the_dummy_prefix_a_text_begins_as_it_does()
    {
        byte[] normaliser = ProtobufBytes.Bytes(3, [.. ProtobufBytes.Number(3, 0), .. ProtobufBytes.Number(4, 0)]);

        Assert.Equal([1, 5, 6], Open([.. Pieces, .. Trainer, .. normaliser])!.Encode("a a"));
    }

    /// <summary>Expected: llama.cpp on the same vocabulary in GGUF.</summary>
    [Fact]
    public void Llama_2s_own_model_gives_the_reference_tokens()
    {
        using GgufFile file = GgufFile.Open(Fixtures.Shared("tokenizers", "ggml-vocab-llama-spm.gguf"));
        VocabularySource source = VocabularySource.FromGguf(file);
        List<byte> bytes = [];
        for (int id = 0; id < source.Tokens.Count; id++)
        {
            string piece = Encoding.UTF8.GetString(source.Tokens[id]);
            bytes.AddRange(ProtobufBytes.Piece(piece, source.Scores![id], source.Types![id]));
        }

        Tokenizer tokenizer = Open([.. bytes, .. Trainer, .. Normaliser])!;
        string inputs = File.ReadAllText(Fixtures.Shared("tokenizers", "ggml-vocab-llama-spm.gguf.inp"));
        string[] expected = File.ReadAllLines(Fixtures.Shared("tokenizers", "ggml-vocab-llama-spm.gguf.out"));
        foreach ((string text, string line) in inputs.Split("\n__ggml_vocab_test__\n")[..^1].Zip(expected))
        {
            Assert.Equal(line.Trim(), string.Join(' ', tokenizer.Encode(text, addSpecial: false)));
        }
    }

    [Theory]
    [InlineData(3, 1, "model_type 2", "1")]
    [InlineData(3, 4, "model_type 2", "4")]
    [InlineData(24, 1, "treat_whitespace_as_suffix", "true")]
    public void Other_models_are_refused_by_name(int field, long value, string expected, string found) =>
        AssertRefused(
            [.. Pieces, .. Trainer, .. ProtobufBytes.Bytes(2, ProtobufBytes.Number(field, value)), .. Normaliser],
            expected,
            found);

    [Fact]
    public void Rules_of_normalisation_that_are_not_understood_are_refused_by_name()
    {
        AssertRefused([.. Pieces, .. Trainer], "remove_extra_whitespaces", "true");
        AssertRefused(
            [.. Pieces, .. Trainer, .. ProtobufBytes.Bytes(
                3, [.. ProtobufBytes.Text(1, "nmt_nfkc"), .. ProtobufBytes.Text(2, "table")])],
            "precompiled_charsmap",
            "nmt_nfkc");
        AssertRefused(
            [.. Pieces, .. Trainer, .. ProtobufBytes.Bytes(3, ProtobufBytes.Number(5, 0))],
            "escape_whitespaces",
            "false");
    }

    [Fact]
    public void Broken_messages_are_refused()
    {
        AssertRefused([0x0A, .. ProtobufBytes.Varint(1ul << 63)], "more bytes", "9223372036854775808");
        AssertRefused([0x0A, .. ProtobufBytes.Varint(ulong.MaxValue), 0], "more bytes", "18446744073709551615");
        AssertRefused([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], "10 bytes", "more");
        AssertRefused([0x0A], "1 bytes", "0");
        AssertRefused([0x0B], "wire type 2", "3");
        AssertRefused([0x00], "a field from 1", "0");
        AssertRefused(ProtobufBytes.Number(9, 1), "fields 1 to 5", "9");
        AssertRefused([.. Pieces, .. ProtobufBytes.Piece("a", 0, 1)], "every piece once", "'a'");
        AssertRefused(ProtobufBytes.Piece("a", 0, 7), "from 1 to 6", "7");
        AssertRefused(ProtobufBytes.Piece("", 0, 1), "a piece of at least", "0");
        AssertRefused(ProtobufBytes.Piece("a", float.NaN, 1), "with a score", "NaN");
        AssertRefused(ProtobufBytes.Bytes(1, ProtobufBytes.Bytes(1, 0xFF)), "UTF-8", "other bytes");
        AssertRefused([.. Trainer, .. Normaliser], "at least one token", "none");
    }

    [Fact]
    public void A_file_with_any_byte_changed_or_cut_off_is_read_or_refused()
    {
        byte[] whole = [.. Pieces, .. Trainer, .. Normaliser];
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte, Gen.Bool).Sample(
            (position, value, isCut) =>
            {
                byte[] bytes = isCut ? whole[..position] : [.. whole];
                if (!isCut)
                {
                    bytes[position] = value;
                }

                try
                {
                    _ = Open(bytes)!.Encode("a a</s>  ?");
                }
                catch (ModelFormatException)
                {
                    // Refused: what is asked for is that nothing else is thrown.
                }
            },
            iter: 500);
    }

    private static Tokenizer? Open(byte[] bytes)
    {
        using TemporaryFolder folder = new();
        _ = folder.Write("tokenizer.model", bytes);
        return TokenizerFolder.Open(folder.Path).Tokenizer;
    }

    private static void AssertRefused(byte[] bytes, string expected, string found)
    {
        ModelFormatException refusal = Assert.Throws<ModelFormatException>(() => Open(bytes));
        Assert.Contains(expected, refusal.Expected, StringComparison.Ordinal);
        Assert.Contains(found, refusal.Found, StringComparison.Ordinal);
    }
}
