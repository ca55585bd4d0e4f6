using System.Globalization;

namespace Chaku.Model.Templates.Jinja;

/// <summary>What kind of character one is, as Python's <c>str</c> sees it.</summary>
internal static class Characters
{
    /// <summary>Whether it is white space: .NET's, and the four separators U+001C to U+001F.</summary>
    public static bool IsSpace(char character) =>
        char.IsWhiteSpace(character) || character is >= '\u001C' and <= '\u001F';

    /// <summary>Whether it ends a line for <c>splitlines</c>.</summary>
    public static bool IsLineBreak(char character) =>
        character is '\n' or '\r' or '\v' or '\f' or (>= '\u001C' and <= '\u001E') or '\u0085' or '\u2028' or '\u2029';

    /// <summary>Whether it has an upper and a lower case.</summary>
    public static bool IsCased(char character) => char.GetUnicodeCategory(character)
        is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;
}
