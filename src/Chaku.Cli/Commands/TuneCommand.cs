using System.CommandLine;
using Chaku.Cli.Options;
using Chaku.Cli.Reports;
using Chaku.Model;
using Chaku.Training;

namespace Chaku.Cli.Commands;

/// <summary>Makes a model one's own: trains a LoRA adapter on the very file that is served.</summary>
internal sealed class TuneCommand : ProgramCommand
{
    private readonly Argument<string> _model = new("MODEL") { Description = "The model, a GGUF file; it is not changed." };

    private readonly Argument<string> _data = new("DATA")
    {
        Description = "What it learns: a text (.txt, .md), or records of instruction, input and output (.json, .jsonl).",
    };

    private readonly Option<string> _output = new("-o", "--output")
    {
        Description = "The adapter, a folder in PEFT's format.",
        HelpName = "ADAPTER",
        Required = true,
    };

    private readonly Option<int?> _threads =
        NumberOption.Whole("--threads", "Threads; one for each processor by default.", 1);

    private readonly Option<bool> _json = JsonOutput.CreateOption();
    private readonly TuneArguments _options;

    /// <summary>Describes the command line.</summary>
    public TuneCommand()
        : base(
            "tune",
            "Trains a LoRA adapter on the very file that is served. Of conversations it learns the answers and their ends, of " +
            "texts everything. Ctrl-C ends the run after the current step and writes what was learnt.")
    {
        Add(_model);
        Add(_data);
        Add(_output);
        _options = new TuneArguments(this);
        Add(_threads);
        Add(_json);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "chaku tune model.gguf records.jsonl -o my-adapter --template alpaca",
        "chaku tune model.gguf text.txt -o my-adapter --context 128 --steps 300 --lr 5e-3 --validation 0.1",
        "chaku chat model.gguf --adapter my-adapter",
    ];

    /// <inheritdoc/>
    public override int Execute(ParseResult arguments, Terminal terminal)
    {
        TuneOptions options = _options.Read(arguments);
        string output = arguments.GetRequiredValue(_output);
        using LanguageModel model = LanguageModel.Load(arguments.GetRequiredValue(_model), new ModelOptions
        {
            ThreadCount = arguments.GetValue(_threads) ?? new ModelOptions().ThreadCount,
            ContextLength = _options.Context(arguments),
            Repack = false,
        });
        foreach (string notice in model.Notices)
        {
            terminal.Warn(notice);
        }

        using CancellationTokenSource stop =
            CancellationTokenSource.CreateLinkedTokenSource(terminal.Cancellation);
        TuneReport report;
        using (terminal.CatchInterrupts(stop.Cancel))
        using (TuneView view = new(terminal))
        {
            report = Tuning.Run(model, arguments.GetRequiredValue(_data), output, options, view.Progress, stop.Token);
        }

        if (arguments.GetValue(_json))
        {
            JsonOutput.WriteObject(terminal.Output, json => TuneText.WriteFields(json, report, output));
        }
        else
        {
            TuneText.Write(terminal.Output, report, arguments.GetRequiredValue(_model), output);
        }

        return report.StepsDone < report.Plan.StepCount ? ExitCodes.Cancelled : ExitCodes.Success;
    }
}
