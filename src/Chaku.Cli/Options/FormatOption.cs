using System.CommandLine;
using Chaku.Training.Datasets;

namespace Chaku.Cli.Options;

/// <summary>The format of a data set.</summary>
internal static class FormatOption
{
    /// <summary>The option that names it.</summary>
    public static Option<string?> Create() => new("--format")
    {
        Description =
            $"Format of the records: {Dataset.Names}; both with a comma between. What the file's name or content " +
            "tells by default.",
        HelpName = "NAME",
    };
}
