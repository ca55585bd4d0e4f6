using System.Buffers;
using System.Globalization;
using System.Text;

namespace Chaku.Cli;

/// <summary>A token's text between quotes, on one line.</summary>
internal static class TokenText
{
    /// <summary>Spells bytes: control characters as escapes, what is no valid UTF-8 byte by byte.</summary>
    public static string Quote(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new("\"");
        while (!bytes.IsEmpty)
        {
            OperationStatus status = Rune.DecodeFromUtf8(bytes, out Rune letter, out int length);
            if (status == OperationStatus.Done)
            {
                Append(text, letter);
            }
            else
            {
                foreach (byte value in bytes[..length])
                {
                    _ = text.Append(CultureInfo.InvariantCulture, $"\\x{value:x2}");
                }
            }

            bytes = bytes[length..];
        }

        return text.Append('"').ToString();
    }

    private static void Append(StringBuilder text, Rune letter) => _ = letter.Value switch
    {
        '\n' => text.Append("\\n"),
        '\r' => text.Append("\\r"),
        '\t' => text.Append("\\t"),
        '"' or '\\' => text.Append('\\').Append(letter),
        _ when Rune.IsControl(letter) => text.Append(CultureInfo.InvariantCulture, $"\\u{letter.Value:x4}"),
        _ => text.Append(letter),
    };
}
