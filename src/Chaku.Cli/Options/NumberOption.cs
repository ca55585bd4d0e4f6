using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Chaku.Cli.Options;

/// <summary>Options that take a number, written the same in every country.</summary>
internal static class NumberOption
{
    private const NumberStyles Styles =
        NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <summary>A whole number.</summary>
    /// <param name="name">The option.</param>
    /// <param name="description">What it does, and what it is by default.</param>
    /// <param name="least">The least that it can be.</param>
    public static Option<int?> Whole(string name, string description, int least = 0) =>
        Create<int>(name, description, $"a whole number from {least}", value => value >= least);

    /// <summary>A number with a fraction; its range is the library's to check.</summary>
    public static Option<double?> Fraction(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = ParseFraction,
    };

    /// <summary>Reads a number with a fraction.</summary>
    public static double? ParseFraction(ArgumentResult result) =>
        Parse<double>(result, "a number", double.IsFinite);

    /// <summary>A seed.</summary>
    public static Option<ulong?> Seed(string description) =>
        Create<ulong>("--seed", description, "a whole number from 0", _ => true);

    /// <summary>Whole numbers, one each time that the option is given.</summary>
    public static Option<int[]> Many(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => [.. result.Tokens.Select(token => Parse(result, token.Value, name))],
        DefaultValueFactory = _ => [],
    };

    private static Option<T?> Create<T>(string name, string description, string expected, Func<T, bool> isInRange)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = "N",
            CustomParser = result => Parse(result, expected, isInRange),
        };

    private static T? Parse<T>(ArgumentResult result, string expected, Func<T, bool> isInRange)
        where T : struct, INumber<T>
    {
        string text = result.Tokens[^1].Value;
        if (T.TryParse(text, Styles, CultureInfo.InvariantCulture, out T value) && isInRange(value))
        {
            return value;
        }

        result.AddError($"{result.Argument.Name} takes {expected}, not '{text}'");
        return null;
    }

    private static int Parse(ArgumentResult result, string text, string name)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value))
        {
            return value;
        }

        result.AddError($"{name} takes a whole number from 0, not '{text}'");
        return 0;
    }
}
