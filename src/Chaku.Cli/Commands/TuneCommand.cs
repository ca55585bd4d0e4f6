using System.CommandLine;
using System.Globalization;
using Chaku.Cli.Options;
using Chaku.Cli.Reports;
using Chaku.Model;
using Chaku.Training;
using Chaku.Training.Runs;

namespace Chaku.Cli.Commands;

/// <summary>Trains an adapter.</summary>
internal sealed class TuneCommand : ProgramCommand
{
    private readonly Argument<string> _model = new("MODEL")
    {
        Description = "The base: a GGUF file or a Hugging Face folder; it is not changed.",
    };

    private readonly Argument<string> _data = new("DATA")
    {
        Description =
            "What to learn: a text, a folder of texts, or records (JSON, CSV, Parquet) in any of --format's formats.",
    };

    private readonly Option<string> _out = new("--out", "-o")
    {
        Description = "The adapter, a folder in PEFT's format; with --full the model, a GGUF file.",
        HelpName = "OUT",
        Required = true,
    };

    private readonly Option<int?> _threads =
        NumberOption.Whole("--threads", "Threads; one for each processor by default.", 1);

    private readonly TuneArguments _options;
    private readonly TemplateOption _template;
    private readonly Option<bool> _json = JsonOutput.CreateOption();

    /// <summary>Describes the command line.</summary>
    public TuneCommand()
        : base("tune", "Trains a LoRA adapter on your data, or all weights. Ctrl-C ends it and keeps what was learnt.")
    {
        Add(_model);
        Add(_data);
        Add(_out);
        _options = new TuneArguments(this);
        _template = new TemplateOption(this);
        Add(_threads);
        Add(_json);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "chaku tune model.gguf story.txt -o my-adapter",
        "chaku tune model.gguf records.json -o my-adapter --template alpaca --epochs 2 --validation 0.1",
        "chaku tune model.gguf alpaca_data.json -o my-adapter --recipe alpaca-lora",
        "chaku tune model.gguf story.txt -o my-adapter --rank 16 --lr 1e-4 --steps 500 --context 256 --seed 1",
        "chaku tune model.gguf records.json -o my-adapter --validation 0.1 --patience 3 --resume",
        "chaku tune small.gguf story.txt -o my-model.gguf --full",
    ];

    /// <inheritdoc/>
    public override int Execute(ParseResult arguments, Terminal terminal)
    {
        TuneRecipe? recipe = _options.Recipe(arguments);
        string output = arguments.GetRequiredValue(_out);
        using LanguageModel model = Load(arguments, terminal);
        TuneOptions options = ReadOptions(arguments, terminal, recipe, model);
        if (Tune(arguments, terminal, model, options) is not { } record)
        {
            return SayComplete(arguments, terminal, output, options);
        }

        if (arguments.GetValue(_json))
        {
            JsonOutput.WriteObject(terminal.Output, json => TuneOutcome.WriteFields(json, record));
        }
        else
        {
            TuneOutcome.Print(terminal.Output, record);
        }

        TuneReport report = record.Report;
        if (report.End != RunEnd.Cancelled)
        {
            return ExitCodes.Success;
        }

        string kept = report.KeptStep == report.StepsDone
            ? "what was learnt until then"
            : $"the best that was measured, behind step {report.KeptStep}";
        terminal.Warn(string.Create(
            CultureInfo.InvariantCulture,
            $"stopped after {report.StepsDone} of {report.Plan.StepCount} steps; " +
            $"{output} has {kept}, and --resume goes on"));
        return ExitCodes.Cancelled;
    }

    private RunRecord? Tune(ParseResult arguments, Terminal terminal, LanguageModel model, TuneOptions options)
    {
        string data = arguments.GetRequiredValue(_data);
        string output = arguments.GetRequiredValue(_out);
        RunRecorder recorder = new(options, data, output);
        TuneReport? report;
        try
        {
            using TuneLog log = new(terminal, options);
            TuneProgress progress = recorder.Join(log.Progress);
            report = _options.Resumes(arguments)
                ? Tuning.Resume(model, data, output, options, progress, terminal.Cancellation)
                : Tuning.Run(model, data, output, options, progress, terminal.Cancellation);
        }
        catch (DivergedException exception) when (exception.Report.KeptStep > 0)
        {
            recorder.Finish(exception.Report, DateTimeOffset.UtcNow).Write();
            throw;
        }

        RunRecord? record = report is null ? null : recorder.Finish(report, DateTimeOffset.UtcNow);
        record?.Write();
        return record;
    }

    private int SayComplete(ParseResult arguments, Terminal terminal, string output, TuneOptions options)
    {
        if (arguments.GetValue(_json))
        {
            JsonOutput.WriteObject(terminal.Output, json => TuneOutcome.WriteComplete(json, output, options.IsFull));
        }
        else
        {
            terminal.Output.WriteLine($"{output} is complete: this run wrote it before, and nothing was done");
        }

        return ExitCodes.Success;
    }

    private TuneOptions ReadOptions(
        ParseResult arguments, Terminal terminal, TuneRecipe? recipe, LanguageModel model)
    {
        string? template = _template.Name(arguments);
        if (recipe is null)
        {
            return _options.Read(arguments, template);
        }

        RecipeFit fit = recipe.FitTo(model, _options.IsFull(arguments));
        TuneOptions options = _options.Read(arguments, template, fit.Options);
        RecipeReport.Print(terminal, recipe, fit, options);
        return options;
    }

    private LanguageModel Load(ParseResult arguments, Terminal terminal)
    {
        TuneOptions options = _options.Read(arguments, null);
        LanguageModel model = LanguageModel.Load(arguments.GetRequiredValue(_model), new ModelOptions
        {
            ThreadCount = arguments.GetValue(_threads) ?? new ModelOptions().ThreadCount,
            ContextLength = options.ContextLength,
            Repack = false,
            HoldsSingles = options.IsFull,
        });
        foreach (string notice in model.Notices)
        {
            terminal.Warn(notice);
        }

        return model;
    }
}
