using System.CommandLine;
using System.Globalization;
using Chaku.Cli.Options;
using Chaku.Model.Hub;

namespace Chaku.Cli.Commands;

/// <summary>Deletes a model from the Hub's cache.</summary>
internal sealed class RemoveCommand : ProgramCommand
{
    private readonly Argument<string> _model =
        HubArgument.Create("The model in the cache, one revision or one file of it.");

    private readonly Option<bool> _yes = new("--yes", "-y")
    {
        Description = "Deletes without asking.",
    };

    private readonly Option<bool> _json = JsonOutput.CreateOption();

    /// <summary>Describes the command line.</summary>
    public RemoveCommand()
        : base("remove", "Deletes a model from the Hub's cache, for every program that uses it.")
    {
        Add(_model);
        Add(_yes);
        Add(_json);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
        [
        "chaku remove OWNER/NAME",
        "chaku remove OWNER/NAME/model-Q5_K_M.gguf --yes",
        "chaku remove OWNER/NAME@v1.0",
    ];

    /// <inheritdoc/>
    public override int Execute(ParseResult arguments, Terminal terminal)
    {
        HubCache cache = HubCache.ForUser();
        HubReference reference = HubArgument.Read(arguments.GetRequiredValue(_model), cache);
        HubRemoval removal = HubRemoval.Plan(cache, reference);
        string what = string.Create(
            CultureInfo.InvariantCulture, $"{removal.Files.Count} files, {ByteText.Of(removal.ByteLength)}");
        if (!arguments.GetValue(_yes) && !IsWanted(terminal, $"delete {reference} ({what})?"))
        {
            terminal.Error.WriteLine("chaku: nothing was deleted");
            return ExitCodes.Failure;
        }

        removal.Run();
        if (arguments.GetValue(_json))
        {
            JsonOutput.WriteObject(terminal.Output, json =>
            {
                json.WriteString("model", reference.ToString());
                json.WriteNumber("file_count", removal.Files.Count);
                json.WriteNumber("freed_byte_length", removal.ByteLength);
            });
        }
        else
        {
            terminal.Output.WriteLine($"deleted {reference}: {ByteText.Of(removal.ByteLength)} are free again");
        }

        return ExitCodes.Success;
    }

    private static bool IsWanted(Terminal terminal, string question)
    {
        terminal.Error.Write($"{question} [y/N] ");
        terminal.Error.Flush();
        return terminal.ReadLine()?.Trim().ToUpperInvariant() is "Y" or "YES";
    }
}
