using System.Text;

namespace Chaku.Model.Tokenizers;

/// <summary>
/// How marks are found in text, for the families whose marks need more than their spelling: GGUF has no key for it.
/// </summary>
/// <remarks>Source: the added tokens of Phi-3's <c>tokenizer.json</c>; llama.cpp's <c>llama-vocab.cpp</c>.</remarks>
internal static class GgufMatching
{
    private static readonly string[] Phi3Exceptions = ["<unk>", "<s>", "<|endoftext|>"];

    /// <summary>What holds for the file's tokens; null where their spelling is all there is.</summary>
    public static IReadOnlyDictionary<int, TokenMatching>? Find(VocabularySource source)
    {
        if (source is not { Architecture: "phi3", Kind: "llama", Types: { } types })
        {
            return null;
        }

        Dictionary<int, TokenMatching> matching = [];
        for (int id = 0; id < Math.Min(types.Count, source.Tokens.Count); id++)
        {
            bool isMark = (TokenType)types[id] is TokenType.Control or TokenType.Unknown or TokenType.UserDefined;
            if (isMark && !Phi3Exceptions.Contains(Encoding.UTF8.GetString(source.Tokens[id])))
            {
                matching.Add(id, TokenMatching.StripRight);
            }
        }

        return matching;
    }
}
