using System.Globalization;
using System.Text;

namespace Chaku.Model.Templates.Jinja;

/// <summary>Times as <c>strftime</c> writes them, in English.</summary>
internal static class TimeFormat
{
    // The code of C's strftime, and .NET's for the same.
    private static readonly Dictionary<char, string> Codes = new()
    {
        ['Y'] = "yyyy",
        ['y'] = "yy",
        ['m'] = "MM",
        ['d'] = "dd",
        ['B'] = "MMMM",
        ['b'] = "MMM",
        ['h'] = "MMM",
        ['A'] = "dddd",
        ['a'] = "ddd",
        ['H'] = "HH",
        ['I'] = "hh",
        ['M'] = "mm",
        ['S'] = "ss",
        ['p'] = "tt",
        ['F'] = "yyyy-MM-dd",
        ['T'] = "HH:mm:ss",
        ['R'] = "HH:mm",
        ['D'] = "MM/dd/yy",
        ['x'] = "MM/dd/yy",
        ['X'] = "HH:mm:ss",
        ['f'] = "ffffff",
    };

    /// <summary>A time as a format has it.</summary>
    /// <exception cref="JinjaException">The format has a code that is not known.</exception>
    public static string Apply(string format, DateTimeOffset time)
    {
        StringBuilder text = new();
        for (int index = 0; index < format.Length; index++)
        {
            if (format[index] != '%' || index + 1 == format.Length)
            {
                _ = text.Append(format[index]);
                continue;
            }

            bool isShort = format[index + 1] == '-' && index + 2 < format.Length;
            index += isShort ? 2 : 1;
            string part = Part(format[index], time);
            _ = text.Append(isShort && part.Length > 1 ? part.TrimStart('0').PadLeft(1, '0') : part);
        }

        return text.ToString();
    }

    private static string Part(char code, DateTimeOffset time) => code switch
    {
        '%' => "%",
        'n' => "\n",
        't' => "\t",
        'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        'u' => ((((int)time.DayOfWeek + 6) % 7) + 1).ToString(CultureInfo.InvariantCulture),
        'w' => ((int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
        'c' => $"{Part('a', time)} {Part('b', time)} {Part('e', time)} {Part('T', time)} {Part('Y', time)}",
        'z' or 'Z' => "",
        _ => Codes.TryGetValue(code, out string? pattern)
            ? time.ToString(pattern, CultureInfo.InvariantCulture)
            : throw new JinjaException($"strftime_now does not know %{code}"),
    };
}
