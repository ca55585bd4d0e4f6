using System.Globalization;

namespace Chaku.Model.Templates.Jinja;

/// <summary>How a value is written into a format.</summary>
/// <param name="Kind">The letter: <c>s d f x X e g %</c>, or none.</param>
/// <param name="Width">The field's.</param>
/// <param name="Precision">Digits behind the point, or characters of a text.</param>
/// <param name="Alignment">Where it stands; numbers at the end unless told otherwise.</param>
/// <param name="Fill">What fills the field.</param>
/// <param name="Sign">What a number that is not negative begins with, if anything.</param>
/// <param name="HasCommas">Whether thousands are set apart.</param>
internal sealed record FormatSpec(
    char Kind = '\0',
    long Width = 0,
    int? Precision = null,
    Alignment? Alignment = null,
    char Fill = ' ',
    string Sign = "",
    bool HasCommas = false)
{
    private const int MaxPrecision = 100;

    /// <summary>Writes a value.</summary>
    /// <exception cref="JinjaException">The format is not for values of its kind.</exception>
    public MarkedText Apply(JinjaRun run, object? value)
    {
        bool isNumber = Kind is not ('\0' or 's') || value is long or double;
        MarkedText text = isNumber ? MarkedText.Of(Number(value)) : Display.Text(run, value);
        if (!isNumber && Precision is { } most && text.CodePointCount > most)
        {
            text = text.CodePoints(0, most);
        }

        Alignment place = Alignment ?? (isNumber ? Jinja.Alignment.Right : Jinja.Alignment.Left);
        bool isZeroFilled = isNumber && Fill == '0' && Alignment is null && text.Text[0] is '-' or '+' or ' ';
        int sign = isZeroFilled ? 1 : 0;
        return new MarkedTextBuilder(run).Append(text, 0, sign)
            .Append(TextOperations.Pad(run, text.From(sign), Width - sign, place, Fill)).Build();
    }

    private string Number(object? value)
    {
        if (!Arithmetic.TryNumber(value, out double number))
        {
            throw value is Undefined missing
                ? missing.Refuse()
                : new JinjaException($"a format for numbers got a {Display.TypeName(value)}");
        }

        string text = Digits(value, number);
        return text.StartsWith('-') ? text : Sign + text;
    }

    private string Digits(object? value, double number)
    {
        int precision = Math.Min(Precision ?? 6, MaxPrecision);
        CultureInfo culture = CultureInfo.InvariantCulture;
        switch (Kind)
        {
            case 'f' or 'F':
                return number.ToString((HasCommas ? "N" : "F") + precision, culture);
            case '%':
                return (number * 100).ToString("F" + precision, culture) + "%";
            case 'e' or 'E':
                string digits = precision > 0 ? "0." + new string('0', precision) : "0";
                return number.ToString($"{digits}{Kind}+00", culture);
            case '\0' when value is double:
                return Display.Number(number);
        }

        long whole = Arithmetic.TryInteger(value, out long given) ? given : (long)number;
        return Kind switch
        {
            'x' => Signed(whole, "x"),
            'X' => Signed(whole, "X"),
            '\0' or 'd' or 'i' or 'u' or 's' => whole.ToString(HasCommas ? "N0" : "D", culture),
            _ => throw new JinjaException($"the format '{Kind}' is not supported"),
        };
    }

    private static string Signed(long whole, string format) => whole < 0
        ? "-" + ((UInt128)(-(Int128)whole)).ToString(format, CultureInfo.InvariantCulture)
        : whole.ToString(format, CultureInfo.InvariantCulture);
}
