using System.CommandLine;
using Chaku.Cli.Reports;
using Chaku.Model.Hub;

namespace Chaku.Cli.Commands;

/// <summary>Lists the models of the Hub that are in the cache, whoever fetched them.</summary>
internal sealed class ListCommand : ProgramCommand
{
    private readonly Option<bool> _json = JsonOutput.CreateOption();

    /// <summary>Describes the command line.</summary>
    public ListCommand()
        : base("list", "Lists the models in the Hub's cache, those that other programs fetched too.") => Add(_json);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples => ["chaku list", "chaku list --json"];

    /// <inheritdoc/>
    public override int Execute(ParseResult arguments, Terminal terminal)
    {
        HubCache cache = HubCache.ForUser();
        CachedModelsReport report = new(cache.Folder, CachedModel.In(cache));
        if (arguments.GetValue(_json))
        {
            JsonOutput.WriteObject(terminal.Output, report.WriteFields);
        }
        else
        {
            report.Print(terminal);
        }

        return ExitCodes.Success;
    }
}
