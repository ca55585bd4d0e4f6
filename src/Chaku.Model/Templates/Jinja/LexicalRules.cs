using System.Globalization;
using System.Text;

namespace Chaku.Model.Templates.Jinja;

/// <summary>Names, numbers, quoted texts and signs of the language.</summary>
internal static class LexicalRules
{
    private static readonly string[] LongSigns = ["//", "**", "==", "!=", ">=", "<="];

    /// <summary>The token at an index, and the index behind it; null where there is none.</summary>
    /// <exception cref="JinjaSyntaxException">An escape or a number is wrong.</exception>
    public static (TokenKind Kind, string Text, int End)? Read(string source, int at)
    {
        char first = source[at];
        if (first is '\'' or '"')
        {
            return ReadString(source, at);
        }

        if (char.IsAsciiDigit(first))
        {
            return ReadNumber(source, at);
        }

        if (first == '_' || char.IsLetter(first))
        {
            int end = at + 1;
            while (end < source.Length && (source[end] == '_' || char.IsLetterOrDigit(source[end])))
            {
                end++;
            }

            return (TokenKind.Name, source[at..end], end);
        }

        foreach (string sign in LongSigns)
        {
            if (string.CompareOrdinal(source, at, sign, 0, 2) == 0)
            {
                return (TokenKind.Sign, sign, at + 2);
            }
        }

        return "+-/*%~[](){}<>=.:|,;".Contains(first, StringComparison.Ordinal)
            ? (TokenKind.Sign, first.ToString(), at + 1)
            : null;
    }

    private static (TokenKind Kind, string Text, int End) ReadNumber(string source, int at)
    {
        if (source[at] == '0' && at + 1 < source.Length && char.ToLowerInvariant(source[at + 1]) is 'x' or 'o' or 'b')
        {
            return ReadPrefixed(source, at);
        }

        int end = DigitsEnd(source, at);
        bool isFloat = false;
        if (end + 1 < source.Length && source[end] == '.' && char.IsAsciiDigit(source[end + 1]) && !IsPart(source, at))
        {
            end = DigitsEnd(source, end + 1);
            isFloat = true;
        }

        int exponent = end + 1 < source.Length && source[end + 1] is '+' or '-' ? end + 2 : end + 1;
        if (exponent < source.Length && source[end] is 'e' or 'E' && char.IsAsciiDigit(source[exponent]))
        {
            end = DigitsEnd(source, exponent);
            isFloat = true;
        }

        string text = source[at..end].Replace("_", "", StringComparison.Ordinal);
        return (isFloat ? TokenKind.Float : TokenKind.Integer, text, end);
    }

    // "1.0" in "x.1.0" is two steps of a path.
    private static bool IsPart(string source, int at) => at > 0 && source[at - 1] == '.';

    private static (TokenKind Kind, string Text, int End) ReadPrefixed(string source, int at)
    {
        int radix = char.ToLowerInvariant(source[at + 1]) switch { 'x' => 16, 'o' => 8, _ => 2 };
        int end = at + 2;
        while (end < source.Length && (char.IsAsciiHexDigit(source[end]) || source[end] == '_'))
        {
            end++;
        }

        try
        {
            long value = Convert.ToInt64(source[(at + 2)..end].Replace("_", "", StringComparison.Ordinal), radix);
            return (TokenKind.Integer, value.ToString(CultureInfo.InvariantCulture), end);
        }
        catch (Exception exception) when (exception is FormatException or OverflowException or ArgumentException)
        {
            throw new JinjaSyntaxException(
                LineOf(source, at), $"{ModelFormatException.Quote(source[at..end])} is no number");
        }
    }

    private static int DigitsEnd(string source, int at)
    {
        while (at < source.Length && (char.IsAsciiDigit(source[at])
            || (source[at] == '_' && at + 1 < source.Length && char.IsAsciiDigit(source[at + 1]))))
        {
            at++;
        }

        return at;
    }

    private static (TokenKind Kind, string Text, int End) ReadString(string source, int at)
    {
        int end = at + 1;
        while (end < source.Length && source[end] != source[at])
        {
            end += source[end] == '\\' ? 2 : 1;
        }

        return end < source.Length
            ? (TokenKind.String, Unescape(source, at + 1, end), end + 1)
            : throw new JinjaSyntaxException(LineOf(source, at), "a quoted text that does not end");
    }

    private static string Unescape(string source, int at, int end)
    {
        StringBuilder text = new(end - at);
        while (at < end)
        {
            if (source[at] != '\\')
            {
                _ = text.Append(source[at++]);
                continue;
            }

            at = source[at + 1] switch
            {
                'x' => AppendCode(source, at, 2, text),
                'u' => AppendCode(source, at, 4, text),
                'U' => AppendCode(source, at, 8, text),
                >= '0' and <= '7' => AppendOctal(source, at + 1, end, text),
                _ => AppendShort(source[at + 1], text) + at,
            };
        }

        return text.ToString();
    }

    private static int AppendShort(char escape, StringBuilder text)
    {
        int index = "abfnrtv\\'\"".IndexOf(escape, StringComparison.Ordinal);
        if (index >= 0)
        {
            _ = text.Append("\a\b\f\n\r\t\v\\'\""[index]);
        }
        else if (escape != '\n')
        {
            // An escape that means nothing is kept as it is; one before a line's end joins the lines.
            _ = text.Append('\\').Append(escape);
        }

        return 2;
    }

    private static int AppendCode(string source, int at, int digits, StringBuilder text)
    {
        int begin = at + 2;
        uint code = 0;
        bool isNumber = begin + digits <= source.Length && uint.TryParse(
            source.AsSpan(begin, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out code);
        if (!isNumber || code > 0x10FFFF || (digits == 8 && !Rune.IsValid(code)))
        {
            throw new JinjaSyntaxException(LineOf(source, at), "an escape that is no character");
        }

        _ = code <= 0xFFFF ? text.Append((char)code) : text.Append(new Rune(code).ToString());
        return begin + digits;
    }

    private static int AppendOctal(string source, int at, int end, StringBuilder text)
    {
        int code = 0;
        for (int digit = 0; digit < 3 && at < end && source[at] is >= '0' and <= '7'; digit++)
        {
            code = (code * 8) + source[at++] - '0';
        }

        _ = text.Append((char)code);
        return at;
    }

    private static int LineOf(string source, int at) => 1 + source.AsSpan(0, at).Count('\n');
}
