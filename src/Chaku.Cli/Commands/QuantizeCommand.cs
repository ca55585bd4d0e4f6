using System.CommandLine;
using Chaku.Cli.Options;
using Chaku.Cli.Reports;
using Chaku.Model.Conversion;

namespace Chaku.Cli.Commands;

/// <summary>Writes a model with its matrices in a smaller format, and says what that loses.</summary>
internal sealed class QuantizeCommand : ProgramCommand
{
    private readonly Argument<string> _source = new("MODEL")
    {
        Description = "The model, a GGUF file; best one of F32, F16 or BF16.",
    };

    private readonly Argument<string> _mix = new("FORMAT")
    {
        Description = "What matrices are stored as: " + string.Join(", ", QuantMixes.All.Select(NameOf)) + ".",
    };

    private readonly Option<string> _out = new("--out", "-o")
    {
        Description = "The file to write.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<bool> _pure = new("--pure")
    {
        Description = "Gives every matrix the format itself, the output head too, instead of the usual mix.",
    };

    private readonly Option<string?> _calibration = new("--calibration")
    {
        Description =
            "A text that the model reads first: columns that it uses much are rounded with more care. " +
            "Text like what the model will meet is best.",
        HelpName = "TEXTFILE",
    };

    private readonly Option<string?> _text = new("--text")
    {
        Description = "The text that the loss is measured on; what the model writes itself by default.",
        HelpName = "TEXTFILE",
    };

    private readonly Option<bool> _noMeasure = new("--no-measure")
    {
        Description = "Leaves out the measurement of what is lost.",
    };

    private readonly Option<bool> _force = new("--force")
    {
        Description = "Writes over a file that is there already.",
    };

    private readonly Option<int?> _threads =
        NumberOption.Whole("--threads", "Threads; one for each processor by default.", 1);

    private readonly Option<bool> _json = JsonOutput.CreateOption();

    /// <summary>Describes the command line.</summary>
    public QuantizeCommand()
        : base(
            "quantize",
            "Writes a model in a smaller format and says what it loses: perplexity and divergence beside the original.")
    {
        Add(_source);
        Add(_mix);
        Add(_out);
        Add(_pure);
        Add(_calibration);
        Add(_text);
        Add(_noMeasure);
        Add(_force);
        Add(_threads);
        Add(_json);
        _mix.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && QuantMixes.Find(token.Value) is null)
            {
                result.AddError(
                    $"'{token.Value}' is none of the formats " +
                    string.Join(", ", QuantMixes.All.Select(NameOf)));
            }
        });
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "chaku quantize model-f16.gguf Q4_K_M -o model-q4_k_m.gguf",
        "chaku quantize model-f16.gguf Q3_K_M -o small.gguf --calibration my-text.txt --text other-text.txt",
    ];

    /// <inheritdoc/>
    public override int Execute(ParseResult arguments, Terminal terminal)
    {
        QuantizeJob job = new(terminal)
        {
            SourcePath = ModelPath.Resolve(arguments.GetRequiredValue(_source)),
            CommandLine = CommandText.Of(arguments, arguments.GetRequiredValue(_source)),
            Mix = QuantMixes.Find(arguments.GetRequiredValue(_mix))!,
            TargetPath = arguments.GetRequiredValue(_out),
            IsPure = arguments.GetValue(_pure),
            CalibrationPath = arguments.GetValue(_calibration),
            TextPath = arguments.GetValue(_text),
            Measures = !arguments.GetValue(_noMeasure),
            Replaces = arguments.GetValue(_force),
            ThreadCount = arguments.GetValue(_threads) ?? Environment.ProcessorCount,
        };
        QuantizeReport report = job.Run();
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

    private static string NameOf(QuantMix mix) => mix.Alias is { } alias ? $"{mix.Name} ({alias})" : mix.Name;
}
