using System.CommandLine;

namespace Chaku.Cli.Commands;

/// <summary>
/// One command: parses its arguments, calls the library once, prints. An entry of <see cref="Commands.Create"/>.
/// </summary>
internal abstract class ProgramCommand(string name, string description) : Command(name, description)
{
    /// <summary>Command lines that show what it is for.</summary>
    public abstract IReadOnlyList<string> Examples { get; }

    /// <summary>Does it.</summary>
    /// <param name="arguments">The parsed command line.</param>
    /// <param name="terminal">Where to read and write.</param>
    /// <returns>An entry of <see cref="ExitCodes"/>.</returns>
    public abstract int Execute(ParseResult arguments, Terminal terminal);
}
