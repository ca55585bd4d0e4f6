using System.Globalization;

namespace Chaku.Model.Templates.Jinja;

/// <summary>Filters that give numbers, and those for values of any kind.</summary>
internal static class NumberFilters
{
    /// <summary>Their part of the table.</summary>
    public static IReadOnlyList<Builtin> All { get; } =
    [
        new("abs", Absolute),
        new("int", ToInteger, "value, default, base"),
        new("float", ToFloat, "value, default"),
        new("round", Round, "value, precision, method"),
        new("default", Default, "value, default_value, boolean"),
        new("d", Default, "value, default_value, boolean"),
        new("attr", static call => Attributes.GetOnly(call.Value, call.Text(1).Text), "value, name"),
        new("tojson", JsonText.Write, "value, ensure_ascii, indent, separators, sort_keys"),
    ];

    private static object? Default(BuiltinCall call)
    {
        bool isMissing = call.Value is Undefined || (call.IsTrue(2) && !Comparison.IsTrue(call.Value));
        return isMissing ? call.Get(1, MarkedText.Empty) : call.Value;
    }

    private static object? Absolute(BuiltinCall call)
    {
        if (Arithmetic.TryInteger(call.Value, out long whole))
        {
            return whole < 0 ? Arithmetic.Negate(whole) : whole;
        }

        return call.Value is double number ? Math.Abs(number) : throw RefuseNumber(call);
    }

    private static object? ToInteger(BuiltinCall call)
    {
        object? otherwise = call.Get(1, 0L);
        switch (call.Value)
        {
            case MarkedText text:
                long? whole = ParseInteger(text.Text, (int)call.Integer(2, 10));
                return whole ?? Truncate(ParseFloat(text.Text)) ?? otherwise;
            case double number:
                return Truncate(number) ?? otherwise;
            case Undefined missing:
                throw missing.Refuse();
            default:
                return Arithmetic.TryInteger(call.Value, out long given) ? given : otherwise;
        }
    }

    private static object? ToFloat(BuiltinCall call) => call.Value switch
    {
        MarkedText text => ParseFloat(text.Text) ?? call.Get(1, 0.0),
        Undefined missing => throw missing.Refuse(),
        _ => Arithmetic.TryNumber(call.Value, out double number) ? number : call.Get(1, 0.0),
    };

    private static long? Truncate(double? number) => number is { } value && Math.Abs(value) < long.MaxValue
        ? (long)value
        : null;

    private static long? ParseInteger(string text, int radix)
    {
        string digits = text.Trim().Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
        bool isNegative = digits.StartsWith('-');
        digits = isNegative || digits.StartsWith('+') ? digits[1..] : digits;
        string prefix = radix switch { 16 => "0x", 8 => "0o", 2 => "0b", _ => "" };
        digits = prefix.Length > 0 && digits.StartsWith(prefix, StringComparison.Ordinal) ? digits[2..] : digits;
        long value = 0;
        foreach (char digit in digits)
        {
            int place = char.IsAsciiDigit(digit) ? digit - '0' : digit is >= 'a' and <= 'z' ? digit - 'a' + 10 : 99;
            if (place >= radix)
            {
                return null;
            }

            if (value > (long.MaxValue - place) / radix)
            {
                throw new JinjaException($"{ModelFormatException.Quote(text)} has more than 64 bits");
            }

            value = (value * radix) + place;
        }

        return digits.Length == 0 ? null : isNegative ? -value : value;
    }

    private static double? ParseFloat(string text)
    {
        const NumberStyles Style = NumberStyles.Float & ~NumberStyles.AllowThousands;
        string digits = text.Trim().Replace("_", "", StringComparison.Ordinal);
        string infinite = digits.ToLowerInvariant().TrimStart('+', '-');
        if (infinite is "inf" or "infinity")
        {
            return digits.StartsWith('-') ? double.NegativeInfinity : double.PositiveInfinity;
        }

        return double.TryParse(digits, Style, CultureInfo.InvariantCulture, out double value) ? value : null;
    }

    private static object? Round(BuiltinCall call)
    {
        int digits = (int)Math.Clamp(call.Integer(1, 0), -300, 300);
        string method = call.Has(2) ? call.Text(2).Text : "common";
        if (!Arithmetic.TryNumber(call.Value, out double number))
        {
            throw RefuseNumber(call);
        }

        double scale = Math.Pow(10, digits);
        switch (method)
        {
            case "common":
                return call.Value is double ? RoundHalfToEven(number, digits) : RoundWhole(call.Value, digits);
            case "ceil":
                return Math.Ceiling(number * scale) / scale;
            case "floor":
                return Math.Floor(number * scale) / scale;
            default:
                throw call.Refuse(2, "common, ceil or floor");
        }
    }

    private static object? RoundWhole(object? value, int digits)
    {
        _ = Arithmetic.TryInteger(value, out long whole);
        return digits >= 0 ? whole : (long)RoundHalfToEven(whole, digits);
    }

    private static double RoundHalfToEven(double value, int digits)
    {
        if (digits is < 0 or > 15)
        {
            double scale = Math.Pow(10, digits);
            return digits > 15 ? value : Math.Round(value * scale, MidpointRounding.ToEven) / scale;
        }

        // The formatter rounds the exact value; only a tie, which binary fractions of few digits can be, goes to even.
        double twice = value * Math.Pow(10, digits) * 2;
        bool isTie = Math.Abs(twice) < 1L << 53 && twice == Math.Floor(twice) && twice % 2 != 0
            && twice / 2 / Math.Pow(10, digits) == value && (value * 1024) == Math.Floor(value * 1024);
        return isTie
            ? Math.Round(value, digits, MidpointRounding.ToEven)
            : double.Parse(
                value.ToString($"F{digits}", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    private static JinjaException RefuseNumber(BuiltinCall call) =>
        call.Value is Undefined missing ? missing.Refuse() : call.Refuse(0, "a number");
}
