using System.CommandLine;
using Chaku.Training;

namespace Chaku.Cli.Options;

/// <summary>An option of the command line and what it changes: an entry of <see cref="TuneArguments"/>.</summary>
/// <param name="option">The option, without a default: what is not given changes nothing.</param>
/// <param name="apply">The options with the given value.</param>
internal sealed class TuneArgument(Option option, Func<ParseResult, TuneOptions, TuneOptions> apply)
{
    /// <summary>The option.</summary>
    public Option Option => option;

    /// <summary>Its name without the dashes: that of an entry of <see cref="TuneFields.All"/>.</summary>
    public string Name => option.Name.TrimStart('-');

    /// <summary>Whether it is on the command line.</summary>
    public bool IsGiven(ParseResult arguments) => arguments.GetResult(option) is not null;

    /// <summary>The options as the command line changes them.</summary>
    public TuneOptions Apply(ParseResult arguments, TuneOptions options) =>
        IsGiven(arguments) ? apply(arguments, options) : options;

    /// <summary>An option that takes a number.</summary>
    public static TuneArgument Number<T>(Option<T?> option, Func<TuneOptions, T, TuneOptions> set)
        where T : struct =>
        new(option, (arguments, options) => arguments.GetValue(option) is { } value ? set(options, value) : options);

    /// <summary>An option that takes a name.</summary>
    public static TuneArgument Text(
        string name, string helpName, string description, Func<TuneOptions, string, TuneOptions> set) =>
        Text(new Option<string?>(name) { Description = description, HelpName = helpName }, set);

    /// <summary>An option that takes a name.</summary>
    public static TuneArgument Text(Option<string?> option, Func<TuneOptions, string, TuneOptions> set) =>
        new(option, (arguments, options) => set(options, arguments.GetValue(option)!));

    /// <summary>An option without a value.</summary>
    public static TuneArgument Flag(string name, string description, Func<TuneOptions, TuneOptions> set)
    {
        Option<bool> option = new(name) { Description = description };
        return new TuneArgument(
            option, (arguments, options) => arguments.GetValue(option) ? set(options) : options);
    }
}
