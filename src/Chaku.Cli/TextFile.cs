using System.Text;
using Chaku.Model.Scoring;
using Chaku.Model.Tokenizers;

namespace Chaku.Cli;

/// <summary>Texts that a command line names.</summary>
internal static class TextFile
{
    // More than tokens of any language have on average: a head of so many is long enough.
    private const int CharactersPerToken = 32;

    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>The whole text.</summary>
    /// <exception cref="InvalidDataException">It is no UTF-8.</exception>
    /// <exception cref="IOException">It is missing or cannot be read.</exception>
    public static string Read(string path) => Decode(path, () => File.ReadAllText(path, Utf8));

    /// <summary>The beginning of a text, however long it is: whole lines, or one line's whole characters.</summary>
    /// <param name="path">The text.</param>
    /// <param name="length">Characters (UTF-16) at most.</param>
    /// <exception cref="InvalidDataException">What was read is no UTF-8.</exception>
    /// <exception cref="IOException">It is missing or cannot be read.</exception>
    public static string ReadHead(string path, int length) => Decode(path, () =>
    {
        using StreamReader reader = new(path, Utf8);
        char[] letters = new char[length];
        int count = reader.ReadBlock(letters);
        if (count == length && reader.Peek() >= 0)
        {
            int line = Array.LastIndexOf(letters, '\n');
            count = line >= 0 ? line + 1 : count - (char.IsHighSurrogate(letters[^1]) ? 1 : 0);
        }

        return new string(letters, 0, count);
    });

    /// <summary>The first tokens of a text, in windows (<see cref="TokenWindows.OfText"/>).</summary>
    /// <param name="path">The text; of its first characters as many as these windows need are read.</param>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="length">Tokens of a window at most.</param>
    /// <param name="count">Windows at most.</param>
    /// <exception cref="InvalidDataException">It has no token to predict, or is no UTF-8.</exception>
    /// <exception cref="IOException">It is missing or cannot be read.</exception>
    public static IReadOnlyList<int[]> Windows(string path, Tokenizer tokenizer, int length, int count)
    {
        string head = ReadHead(path, checked(CharactersPerToken * length * count));
        try
        {
            return TokenWindows.OfText(tokenizer, head, length, count);
        }
        catch (ArgumentException exception)
        {
            throw new InvalidDataException($"{path}: {exception.Message}", exception);
        }
    }

    private static string Decode(string path, Func<string> read)
    {
        try
        {
            return read();
        }
        catch (DecoderFallbackException exception)
        {
            throw new InvalidDataException($"{path} is no text in UTF-8: {exception.Message}", exception);
        }
    }
}
