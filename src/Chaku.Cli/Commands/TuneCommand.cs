using System.CommandLine;
using Chaku.Cli.Options;
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
        string output = arguments.GetRequiredValue(_out);
        _ = _options.Recipe(arguments);
        using LanguageModel model = TuneJob.Load(
            terminal,
            ModelPath.Resolve(arguments.GetRequiredValue(_model)),
            arguments.GetValue(_threads),
            _options.Read(arguments, null));
        TuneOptions options = TuneJob.ReadOptions(
            terminal, arguments, _options, _template.Name(arguments), model);
        RunRecord? record = TuneJob.Run(
            terminal, model, arguments.GetRequiredValue(_data), output, options, _options.Resumes(arguments));
        return TuneJob.Say(terminal, output, options, record, arguments.GetValue(_json));
    }
}
