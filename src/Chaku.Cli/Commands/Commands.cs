namespace Chaku.Cli.Commands;

/// <summary>The table of commands. A new one is one file and one line here.</summary>
internal static class Commands
{
    /// <summary>Every command, in the order of the help.</summary>
    public static IReadOnlyList<ProgramCommand> Create() =>
    [
        new OwnCommand(),
        new RunCommand(),
        new ChatCommand(),
        new DataCommand(),
        new TuneCommand(),
        new TrainCommand(),
        new ConvertCommand(),
        new ShowCommand(),
        new TokenizeCommand(),
        new LogitsCommand(),
        new PerplexityCommand(),
    ];
}
