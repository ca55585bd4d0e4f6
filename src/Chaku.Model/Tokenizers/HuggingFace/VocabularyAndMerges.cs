using System.Text;
using Chaku.Model.Files;
using Chaku.Model.Tokenizers.HuggingFace.Decoders;
using Chaku.Model.Tokenizers.HuggingFace.PreTokenisation;

namespace Chaku.Model.Tokenizers.HuggingFace;

/// <summary>Reads <c>vocab.json</c> and <c>merges.txt</c>, the two files that GPT-2 came with.</summary>
internal static class VocabularyAndMerges
{
    /// <summary>The vocabulary's name.</summary>
    public const string VocabularyName = "vocab.json";

    /// <summary>The merges' name.</summary>
    public const string MergesName = "merges.txt";

    private const int MaximumByteLength = 256 << 20;

    // Other classes read such files with other steps around them, which no file says.
    private static readonly string[] Classes =
    [
        "GPT2Tokenizer", "GPT2TokenizerFast", "CodeGenTokenizer", "CodeGenTokenizerFast", "GPTNeoXTokenizer",
        "GPTNeoXTokenizerFast",
    ];

    /// <summary>Reads the files.</summary>
    /// <exception cref="ModelFormatException">One is broken, or the folder's tokenizer is not GPT-2's.</exception>
    /// <exception cref="IOException">One cannot be read.</exception>
    public static TokenizerDefinition Read(string folder, TokenizerConfig config)
    {
        string path = Path.Combine(folder, VocabularyName);
        if (config.ClassName is { } name && !Classes.Contains(name))
        {
            throw new ModelFormatException(
                path,
                0,
                $"{TokenizerJson.FileName} beside it, or a tokenizer_class that is one of {string.Join(", ", Classes)}",
                ModelFormatException.Quote(name));
        }

        using JsonFile file = JsonFile.Open(path);
        Dictionary<string, int> ids = BpeFields.ReadVocabulary(file.Root);
        return new()
        {
            File = path,
            Model = new() { Ids = ids, Merges = ReadMerges(Path.Combine(folder, MergesName), ids) },
            PreTokeniser = new ByteLevelStep(config.AddPrefixSpace ?? false, ByteLevelStep.Gpt2Words),
            Decoder = new ByteLevelDecoder(),
        };
    }

    private static List<TokenMerge> ReadMerges(string path, Dictionary<string, int> ids)
    {
        using MappedFile file = MappedFile.Open(path);
        if (file.Length > MaximumByteLength)
        {
            throw new ModelFormatException(path, 0, $"at most {MaximumByteLength} bytes", $"{file.Length}");
        }

        List<TokenMerge> merges = [];
        ReadOnlySpan<byte> rest = file.Span(0, (int)file.Length);
        while (!rest.IsEmpty)
        {
            long offset = file.Length - rest.Length;
            int end = rest.IndexOf((byte)'\n');
            string line = Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]).TrimEnd('\r');
            rest = end < 0 ? [] : rest[(end + 1)..];
            if (line.Length == 0 || (offset == 0 && line.StartsWith("#version", StringComparison.Ordinal)))
            {
                continue;
            }

            merges.Add(line.Split(' ') is [string left, string right] && BpeFields.Merge(left, right, ids) is { } merge
                ? merge
                : throw new ModelFormatException(
                    path,
                    offset,
                    "two tokens that make a third, with a space between",
                    ModelFormatException.Quote(line)));
        }

        return merges;
    }
}
