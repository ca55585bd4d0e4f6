using System.Globalization;

namespace Chaku.Model.Tokenizers;

/// <summary>How SentencePiece spells a token that is one byte: <c>&lt;0x41&gt;</c>.</summary>
internal static class ByteSpelling
{
    /// <summary>The spelling.</summary>
    public static string Of(byte value) => $"<0x{value:X2}>";

    /// <summary>The byte, or null where the spelling is another token's.</summary>
    public static byte? Parse(ReadOnlySpan<byte> spelling) =>
        spelling.Length == 6 && spelling.StartsWith("<0x"u8) && spelling[^1] == '>'
        && byte.TryParse(spelling[3..5], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value)
            ? value
            : null;
}
