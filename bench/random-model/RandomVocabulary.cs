using System.Globalization;
using Chaku.Model.Files;

namespace Chaku.RandomModel;

/// <summary>
/// A SentencePiece vocabulary that no data were needed for: three marks, all bytes, the printable characters of ASCII,
/// and then runs of small letters, with the sign for a space before them and without, the shortest first.
/// </summary>
internal static class RandomVocabulary
{
    /// <summary>Tokens at least: the marks and the bytes.</summary>
    public const int Least = MarkCount + 256;

    /// <summary>Tokens at most: all that the runs of up to four letters give is more.</summary>
    public const int Most = 500_000;

    private const int MarkCount = 3;
    private const int LongestRun = 4;
    private const string Space = "▁";

    // The types of a token in a GGUF file.
    private const int Normal = 1;
    private const int Unknown = 2;
    private const int Control = 3;
    private const int Byte = 6;

    private static readonly string[] Marks = ["<unk>", "<s>", "</s>"];

    /// <summary>Adds the vocabulary to a file's metadata.</summary>
    public static void AddTo(Metadata metadata, int count)
    {
        string[] tokens = [.. Tokens().Take(count)];
        metadata.Add("tokenizer.ggml.model", "llama");
        metadata.Add("tokenizer.ggml.tokens", tokens);

        // The longer a run, the later it stands, the lower its score, and the later it is joined from shorter ones.
        metadata.Add("tokenizer.ggml.scores", Array.ConvertAll(Enumerable.Range(0, count).ToArray(), id => -(float)id));
        metadata.Add("tokenizer.ggml.token_type", Array.ConvertAll(Enumerable.Range(0, count).ToArray(), TypeOf));
        metadata.Add("tokenizer.ggml.bos_token_id", 1u);
        metadata.Add("tokenizer.ggml.eos_token_id", 2u);
        metadata.Add("tokenizer.ggml.unknown_token_id", 0u);
    }

    private static int TypeOf(int id) => id switch
    {
        0 => Unknown,
        < MarkCount => Control,
        < Least => Byte,
        _ => Normal,
    };

    private static IEnumerable<string> Tokens()
    {
        IEnumerable<string> bytes = Enumerable.Range(0, 256)
            .Select(value => string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>"));
        IEnumerable<string> characters = Enumerable.Range('!', '~' - '!' + 1)
            .Where(code => !char.IsAsciiLetterLower((char)code))
            .Select(code => ((char)code).ToString());
        return Marks.Concat(bytes).Append(Space).Concat(characters).Concat(LetterRuns());
    }

    private static IEnumerable<string> LetterRuns()
    {
        IEnumerable<string> runs = [""];
        for (int length = 1; length <= LongestRun; length++)
        {
            runs = runs.SelectMany(run => Enumerable.Range('a', 26).Select(letter => run + (char)letter));
            foreach (string run in runs)
            {
                yield return run;
                yield return Space + run;
            }
        }
    }
}
