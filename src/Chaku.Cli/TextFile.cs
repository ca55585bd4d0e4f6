using System.Text;

namespace Chaku.Cli;

/// <summary>Texts that a command line names.</summary>
internal static class TextFile
{
    /// <summary>The whole text.</summary>
    /// <exception cref="InvalidDataException">It is no UTF-8.</exception>
    /// <exception cref="IOException">It is missing or cannot be read.</exception>
    public static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
        }
        catch (DecoderFallbackException exception)
        {
            throw new InvalidDataException($"{path} is no text in UTF-8: {exception.Message}", exception);
        }
    }
}
