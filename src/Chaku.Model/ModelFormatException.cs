using System.Globalization;
using System.Text;

namespace Chaku.Model;

/// <summary>A model file is not what its format demands, or holds what this software cannot read.</summary>
public sealed class ModelFormatException : Exception
{
    private const int QuotedLength = 80;

    /// <summary>Names the place and the disagreement; the message is one line made of all four.</summary>
    /// <param name="file">The file's path.</param>
    /// <param name="offset">Bytes from the file's start.</param>
    /// <param name="expected">What the format demands there.</param>
    /// <param name="found">What the file has there.</param>
    /// <param name="innerException">What another reader said of it; may be null.</param>
    public ModelFormatException(
        string file, long offset, string expected, string found, Exception? innerException = null)
        : base(Describe(file, offset, expected, found), innerException)
    {
        File = file;
        Offset = offset;
        Expected = expected;
        Found = found;
    }

    /// <summary>The file's path.</summary>
    public string File { get; }

    /// <summary>Bytes from the file's start to the first byte that disagrees.</summary>
    public long Offset { get; }

    /// <summary>What the format demands there.</summary>
    public string Expected { get; }

    /// <summary>What the file has there.</summary>
    public string Found { get; }

    /// <summary>A name out of a file, fit for a message: control characters escaped, long names cut.</summary>
    internal static string Quote(string name) => name.Length > QuotedLength
        ? $"'{Escape(name[..QuotedLength])}…'"
        : $"'{Escape(name)}'";

    /// <summary>A name out of a file, whole, as it has to be typed, but for control characters: escaped.</summary>
    internal static string Escape(string name)
    {
        StringBuilder escaped = new();
        foreach (char letter in name)
        {
            _ = char.IsControl(letter) || letter is '\u2028' or '\u2029'
                ? escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}")
                : escaped.Append(letter);
        }

        return escaped.ToString();
    }

    private static string Describe(string file, long offset, string expected, string found) =>
        FormattableString.Invariant($"{Path.GetFileName(file)}, byte {offset}: expected {expected}, found {found}");
}
