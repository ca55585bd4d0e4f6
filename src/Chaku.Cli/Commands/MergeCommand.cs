using System.CommandLine;
using Chaku.Cli.Options;
using Chaku.Cli.Reports;
using Chaku.Kernels.Formats;

namespace Chaku.Cli.Commands;

/// <summary>Writes a model and an adapter as one file, measures what that loses, and asks before it keeps it.</summary>
internal sealed class MergeCommand : ProgramCommand
{
    private const string Same = "same";

    private readonly Argument<string> _model = new("MODEL")
    {
        Description = "The model, a GGUF file; it is not changed.",
    };

    private readonly Argument<string> _adapter = new("ADAPTER")
    {
        Description =
            "The adapter, a folder in PEFT's format or a GGUF file; =SCALE changes its strength (1: as trained).",
        HelpName = "ADAPTER[=SCALE]",
    };

    private readonly Option<string> _out = new("--out", "-o")
    {
        Description = "The file to write.",
        HelpName = "TARGET",
        Required = true,
    };

    private readonly Option<string> _type = new("--type")
    {
        Description =
            "What changed matrices are stored as: same as now, or "
            + string.Join(", ", TensorFormats.All.Select(format => NameOf(format))) + ".",
        HelpName = "TYPE",
        DefaultValueFactory = _ => Same,
    };

    private readonly Option<string?> _text = new("--text")
    {
        Description = "The text that the loss is measured on; what the adapted model writes itself by default.",
        HelpName = "TEXTFILE",
    };

    private readonly Option<bool> _yes = new("--yes", "-y")
    {
        Description =
            "Keeps the file without asking; one that is there already is replaced only with --force.",
    };

    private readonly Option<bool> _force = new("--force")
    {
        Description =
            "Takes an adapter that was made for another base or template, and says so; with --yes, writes over a " +
            "file that is there already.",
    };

    private readonly Option<int?> _threads =
        NumberOption.Whole("--threads", "Threads; one for each processor by default.", 1);

    private readonly Option<bool> _json = JsonOutput.CreateOption();

    /// <summary>Describes the command line.</summary>
    public MergeCommand()
        : base(
            "merge",
            "Writes a model and an adapter as one new file, says what that loses beside the adapter on its own, and " +
            "asks before it keeps it.")
    {
        Add(_model);
        Add(_adapter);
        Add(_out);
        Add(_type);
        Add(_text);
        Add(_yes);
        Add(_force);
        Add(_threads);
        Add(_json);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "chaku merge model-f16.gguf my-adapter -o my-model.gguf",
        "chaku merge model-q4_k_m.gguf my-adapter=0.5 -o my-model.gguf --type f16 --text held-out.txt --yes",
    ];

    /// <inheritdoc/>
    public override int Execute(ParseResult arguments, Terminal terminal)
    {
        (string adapter, float strength) = ScaledPath.Split(arguments.GetRequiredValue(_adapter), "ADAPTER");
        MergeJob job = new(terminal)
        {
            ModelPath = ModelPath.Resolve(arguments.GetRequiredValue(_model)),
            AdapterPath = adapter,
            Strength = strength,
            TargetPath = arguments.GetRequiredValue(_out),
            Format = ReadType(arguments.GetRequiredValue(_type)),
            TextPath = arguments.GetValue(_text),
            IsAgreed = arguments.GetValue(_yes),
            IsForced = arguments.GetValue(_force),
            ThreadCount = arguments.GetValue(_threads) ?? Environment.ProcessorCount,
            Command = CommandText.Of(arguments, arguments.GetRequiredValue(_model)),
        };
        MergeReport report = job.Run();
        if (arguments.GetValue(_json))
        {
            JsonOutput.WriteObject(terminal.Output, report.WriteFields);
        }
        else
        {
            report.Print(terminal);
        }

        return report.IsKept ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static string NameOf(TensorFormat format) => format.Name.ToLowerInvariant();

    private static TensorFormat? ReadType(string name) =>
        name.Equals(Same, StringComparison.OrdinalIgnoreCase)
            ? null
            : TensorFormats.All.FirstOrDefault(entry => entry.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                ?? throw new UsageException(
                    $"--type takes {Same}, {string.Join(", ", TensorFormats.All.Select(NameOf))}, not '{name}'");
}
