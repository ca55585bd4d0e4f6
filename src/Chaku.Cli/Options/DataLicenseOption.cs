using System.CommandLine;

namespace Chaku.Cli.Options;

/// <summary>The terms that the data are under, and the question after them where nothing states any.</summary>
internal static class DataLicenseOption
{
    /// <summary>The option that states them.</summary>
    public static Option<string?> Create() => new("--data-license")
    {
        Description =
            "The terms that the data are under, such as cc-by-4.0; as file, card or licence beside it state them by " +
            "default. The adapter keeps them, and what follows from them.",
        HelpName = "ID",
    };

    /// <summary>Asks the person at the terminal; where there is none, says that the terms are unknown.</summary>
    /// <returns>What they say; null where nobody knows.</returns>
    public static string? Ask(Terminal terminal)
    {
        string? said = null;
        if (terminal.IsInputTerminal && terminal.IsErrorTerminal)
        {
            terminal.Error.Write("Nothing states the licence of the data. Which one (cc-by-4.0, …; empty: unknown)? ");
            terminal.Error.Flush();
            said = terminal.ReadLine();
        }

        if (string.IsNullOrWhiteSpace(said))
        {
            terminal.Warn(
                "the licence of the data is UNKNOWN: nothing states it, so nobody can say what may be done with the " +
                "result; state it with --data-license ID");
        }

        return said;
    }
}
