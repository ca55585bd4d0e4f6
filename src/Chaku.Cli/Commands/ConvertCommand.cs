using System.CommandLine;

namespace Chaku.Cli.Commands;

/// <summary>Writes an adapter as files of another kind.</summary>
internal sealed class ConvertCommand : ProgramCommand
{
    private readonly Argument<string> _source = new("ADAPTER")
    {
        Description = "The adapter: a folder in PEFT's format or a GGUF file.",
    };

    private readonly Option<string> _out = new("--out", "-o")
    {
        Description = "What to write: a GGUF file where it ends with .gguf, else a folder in PEFT's format.",
        HelpName = "TARGET",
        Required = true,
    };

    private readonly Option<string> _model = new("--model")
    {
        Description = "The model that the adapter is for: it gives names, shapes and the order of rows.",
        HelpName = "BASE",
        Required = true,
    };

    private readonly Option<bool> _force = new("--force")
    {
        Description = "Takes an adapter that was made for another base or template, and says so.",
    };

    private readonly Option<bool> _json = JsonOutput.CreateOption();

    /// <summary>Describes the command line.</summary>
    public ConvertCommand()
        : base("convert", "Writes an adapter in another format: PEFT's folder or a GGUF file.")
    {
        Add(_source);
        Add(_out);
        Add(_model);
        Add(_force);
        Add(_json);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "chaku convert my-adapter -o my-adapter.gguf --model model.gguf",
        "chaku convert my-adapter.gguf -o my-adapter --model model.gguf",
    ];

    /// <inheritdoc/>
    public override int Execute(ParseResult arguments, Terminal terminal) => ConvertAdapterJob.Run(
        terminal,
        arguments.GetRequiredValue(_source),
        arguments.GetRequiredValue(_out),
        arguments.GetRequiredValue(_model),
        CommandText.Of(arguments),
        arguments.GetValue(_force),
        arguments.GetValue(_json));
}
