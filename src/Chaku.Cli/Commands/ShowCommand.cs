using System.CommandLine;
using Chaku.Cli.Reports;
using Chaku.Model.Adapters;
using Chaku.Model.Files;

namespace Chaku.Cli.Commands;

/// <summary>Says what is in a model or an adapter.</summary>
internal sealed class ShowCommand : ProgramCommand
{
    private readonly Argument<string> _path = new("FILE")
    {
        Description = "A model (a GGUF file), or an adapter's folder.",
    };

    private readonly Option<bool> _hash = new("--hash")
    {
        Description =
            "Adds a model's content hash, by which adapters know their base; reads the whole file the first time.",
    };

    private readonly Option<bool> _json = JsonOutput.CreateOption();

    /// <summary>Describes the command line.</summary>
    public ShowCommand()
        : base("show", "Says what is in a model or an adapter: shapes, formats, metadata, licence where stated.")
    {
        Add(_path);
        Add(_hash);
        Add(_json);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "chaku show model.gguf",
        "chaku show my-adapter",
        "chaku show model.gguf --hash --json",
    ];

    /// <inheritdoc/>
    public override int Execute(ParseResult arguments, Terminal terminal)
    {
        string path = arguments.GetRequiredValue(_path);
        bool isJson = arguments.GetValue(_json);
        if (Directory.Exists(path))
        {
            using PeftFolder folder = PeftFolder.Open(path);
            Show(terminal, AdapterReport.Create(folder), isJson);
            return ExitCodes.Success;
        }

        using GgufFile file = GgufFile.Open(path);
        string? hash = null;
        if (arguments.GetValue(_hash))
        {
            using ProgressReport progress = terminal.Progress("reading the weights");
            hash = ContentHashCache.ForUser().GetOrCompute(file.Content, progress.Report, terminal.Cancellation);
        }

        Show(terminal, ModelReport.Create(file, hash), isJson);
        return ExitCodes.Success;
    }

    private static void Show(Terminal terminal, FileReport report, bool isJson)
    {
        if (isJson)
        {
            JsonOutput.WriteObject(terminal.Output, report.WriteFields);
        }
        else
        {
            report.Print(terminal);
        }
    }
}
