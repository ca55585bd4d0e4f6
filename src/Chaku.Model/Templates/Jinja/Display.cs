using System.Globalization;
using System.Text;

namespace Chaku.Model.Templates.Jinja;

/// <summary>Values as text, spelled as Python spells them.</summary>
internal static class Display
{
    /// <summary><c>str(value)</c>.</summary>
    public static MarkedText Text(JinjaRun run, object? value)
    {
        if (value is MarkedText text)
        {
            return text;
        }

        MarkedTextBuilder builder = new(run);
        if (value is not Undefined)
        {
            Represent(run, value, builder);
        }

        return builder.Build();
    }

    /// <summary><c>repr(value)</c>.</summary>
    public static MarkedText Representation(JinjaRun run, object? value)
    {
        MarkedTextBuilder builder = new(run);
        Represent(run, value, builder);
        return builder.Build();
    }

    /// <summary>The name of a value's type.</summary>
    public static string TypeName(object? value) => value switch
    {
        null => "NoneType",
        bool => "bool",
        long => "int",
        double => "float",
        MarkedText => "str",
        JinjaList { Kind: SequenceKind.Tuple } => "tuple",
        JinjaList { Kind: SequenceKind.View } => "view",
        JinjaList { Kind: SequenceKind.Range } => "range",
        JinjaList { Kind: SequenceKind.Iterator } => "generator",
        JinjaList => "list",
        JinjaDict => "dict",
        JinjaNamespace => "namespace",
        JinjaCallable => "function",
        _ => value.GetType().Name,
    };

    /// <summary>A number, in the fewest digits that give it back.</summary>
    public static string Number(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }

        string scientific = value.ToString("E16", CultureInfo.InvariantCulture);
        string shortest = value.ToString("R", CultureInfo.InvariantCulture);
        int exponent = value == 0 ? 0 : ExponentOf(shortest, scientific);
        if (exponent is >= -4 and < 16)
        {
            string plain = shortest.Contains('E', StringComparison.Ordinal)
                ? decimal.Parse(shortest, NumberStyles.Float, CultureInfo.InvariantCulture)
                    .ToString(CultureInfo.InvariantCulture)
                : shortest;
            return plain.Contains('.', StringComparison.Ordinal) ? plain : plain + ".0";
        }

        string digits = string.Concat(shortest.Split('E')[0].Where(char.IsAsciiDigit)).Trim('0');
        string fraction = digits.Length > 1 ? "." + digits[1..] : "";
        string power = Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture);
        return $"{(value < 0 ? "-" : "")}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{power}";
    }

    // The 17 digits may round up to another power of ten than the shortest ones have; theirs counts.
    private static int ExponentOf(string shortest, string scientific)
    {
        int mark = shortest.IndexOf('E', StringComparison.Ordinal);
        if (mark >= 0)
        {
            return int.Parse(shortest.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        }

        string whole = shortest.TrimStart('-').Split('.')[0];
        return whole != "0"
            ? whole.Length - 1
            : int.Parse(
                scientific.AsSpan(scientific.IndexOf('E', StringComparison.Ordinal) + 1),
                NumberStyles.AllowLeadingSign,
                CultureInfo.InvariantCulture);
    }

    private static void Represent(JinjaRun run, object? value, MarkedTextBuilder builder)
    {
        run.Charge(1);
        switch (value)
        {
            case null:
                _ = builder.Append("None");
                break;
            case bool truth:
                _ = builder.Append(truth ? "True" : "False");
                break;
            case long number:
                _ = builder.Append(number.ToString(CultureInfo.InvariantCulture));
                break;
            case double number:
                _ = builder.Append(Number(number));
                break;
            case MarkedText text:
                Quote(text, builder);
                break;
            case Undefined:
                _ = builder.Append("Undefined");
                break;
            case JinjaList list:
                Represent(run, list, builder);
                break;
            case JinjaDict dict:
                RepresentEntries(run, dict, builder);
                break;
            default:
                throw new JinjaException($"a {TypeName(value)} has no text");
        }
    }

    private static void Represent(JinjaRun run, JinjaList list, MarkedTextBuilder builder)
    {
        (string open, string close) = list.Kind switch
        {
            SequenceKind.Tuple => ("(", list.Items.Count == 1 ? ",)" : ")"),
            SequenceKind.List => ("[", "]"),
            _ => throw new JinjaException($"a {TypeName(list)} has no text: make it a list first"),
        };
        _ = builder.Append(open);
        for (int index = 0; index < list.Items.Count; index++)
        {
            _ = builder.Append(index > 0 ? ", " : "");
            Represent(run, list.Items[index], builder);
        }

        _ = builder.Append(close);
    }

    private static void RepresentEntries(JinjaRun run, JinjaDict dict, MarkedTextBuilder builder)
    {
        string separator = "{";
        foreach ((object? key, object? value) in dict.Entries)
        {
            _ = builder.Append(separator);
            Represent(run, key, builder);
            _ = builder.Append(": ");
            Represent(run, value, builder);
            separator = ", ";
        }

        _ = builder.Append(dict.Entries.Count == 0 ? "{}" : "}");
    }

    private static void Quote(MarkedText text, MarkedTextBuilder builder)
    {
        bool isDouble = text.Text.Contains('\'', StringComparison.Ordinal)
            && !text.Text.Contains('"', StringComparison.Ordinal);
        string quote = isDouble ? "\"" : "'";
        _ = builder.Append(quote);
        for (int index = 0; index < text.Length; index++)
        {
            bool isPair = char.IsSurrogatePair(text.Text, index);
            Rune rune = isPair ? new(text.Text[index], text.Text[index + 1]) : new((uint)SafeUnit(text.Text[index]));
            string shown = text.Text[index] == quote[0] ? "\\" + quote : Escape(rune);
            _ = builder.Append(shown, text.OriginAt(index));
            index += isPair ? 1 : 0;
        }

        _ = builder.Append(quote);
    }

    private static char SafeUnit(char unit) => char.IsSurrogate(unit) ? '\uFFFD' : unit;

    private static string Escape(Rune rune) => rune.Value switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\\' => "\\\\",
        ' ' => " ",
        _ when !IsPrintable(rune) => rune.Value <= 0xFF
            ? $"\\x{rune.Value:x2}"
            : rune.Value <= 0xFFFF ? $"\\u{rune.Value:x4}" : $"\\U{rune.Value:x8}",
        _ => rune.ToString(),
    };

    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);
}
