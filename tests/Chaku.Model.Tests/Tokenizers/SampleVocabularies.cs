using System.Globalization;
using System.Text;
using Chaku.Model.Files;
using Chaku.Model.Tokenizers;
using Chaku.Tests;

namespace Chaku.Model.Tests.Tokenizers;

/// <summary>Small vocabularies made on the spot, and the shared ones.</summary>
internal static class SampleVocabularies
{
    private static readonly string[] SpecialPieces = ["<unk>", "<s>", "</s>"];

    /// <summary>
    /// A SentencePiece vocabulary: three marks, 256 bytes, then the pieces, each worth less than the one before.
    /// </summary>
    public static VocabularySource SentencePiece(params string[] pieces)
    {
        string[] bytes = [.. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>")];
        string[] tokens = [.. SpecialPieces, .. bytes, .. pieces];
        return new()
        {
            File = "sample.gguf",
            Kind = "llama",
            Tokens = [.. tokens.Select(Encoding.UTF8.GetBytes)],
            Scores = [.. tokens.Select((_, id) => id < 259 ? 0f : 258f - id)],
            Types = [.. tokens.Select((_, id) => id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1)],
        };
    }

    /// <summary>A byte-level vocabulary: 256 bytes, what the merges make, then <c>&lt;|endoftext|&gt;</c>.</summary>
    public static VocabularySource ByteLevel(params string[] merges)
    {
        IEnumerable<string> letters = Enumerable.Range(0, 256).Select(
            value => ByteLevelAlphabet.LetterOf((byte)value).ToString(CultureInfo.InvariantCulture));
        string[] merged = [.. merges.Select(merge => merge.Replace(" ", "", StringComparison.Ordinal))];
        string[] tokens = [.. letters, .. merged, "<|endoftext|>"];
        return new()
        {
            File = "sample.gguf",
            Kind = "gpt2",
            PreTokenizer = "gpt-2",
            Tokens = [.. tokens.Select(Encoding.UTF8.GetBytes)],
            Types = [.. tokens.Select((_, id) => id == tokens.Length - 1 ? 3 : 1)],
            Merges = [.. merges.Select(Encoding.UTF8.GetBytes)],
            BosId = tokens.Length - 1,
            EosId = tokens.Length - 1,
        };
    }

    /// <summary>The same vocabulary with one more token.</summary>
    public static VocabularySource With(this VocabularySource source, string token, TokenType type) => source with
    {
        Tokens = [.. source.Tokens, Encoding.UTF8.GetBytes(token)],
        Scores = source.Scores is null ? null : [.. source.Scores, 0f],
        Types = [.. source.Types!, (int)type],
    };

    /// <summary>The tokenizer of a shared GGUF file.</summary>
    public static Tokenizer Shared(params string[] parts)
    {
        using GgufFile file = GgufFile.Open(Fixtures.Shared(parts));
        return Tokenizer.FromGguf(file);
    }
}
