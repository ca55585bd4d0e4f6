using System.CommandLine;
using Chaku.Cli.Options;
using Chaku.Model;
using Chaku.Training;
using Chaku.Training.Pretraining;
using Chaku.Training.Runs;

namespace Chaku.Cli.Commands;

/// <summary>Trains a new model from random weights.</summary>
internal sealed class TrainCommand : ProgramCommand
{
    private readonly Argument<string> _config = new("CONFIG")
    {
        Description = "What the model is to be: a JSON file with the keys of Hugging Face's config.json.",
    };

    private readonly Argument<string> _data = new("DATA")
    {
        Description = "What to learn, as for tune. The vocabulary is learnt from it as well.",
    };

    private readonly Option<string> _out = new("--out", "-o")
    {
        Description = "The model, a GGUF file in F32.",
        HelpName = "OUT",
        Required = true,
    };

    private readonly Option<int?> _threads =
        NumberOption.Whole("--threads", "Threads; one for each processor by default.", 1);

    private readonly TuneArguments _options;
    private readonly Option<bool> _json = JsonOutput.CreateOption();

    /// <summary>Describes the command line.</summary>
    public TrainCommand()
        : base("train", "Trains a new, small model from scratch, with a vocabulary of its own.")
    {
        Add(_config);
        Add(_data);
        Add(_out);
        _options = new TuneArguments(this, isNewModel: true);
        Add(_threads);
        Add(_json);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "chaku train new-model.json stories.txt -o my-model.gguf --steps 2000 --batch 32",
    ];

    /// <inheritdoc/>
    public override int Execute(ParseResult arguments, Terminal terminal)
    {
        string output = arguments.GetRequiredValue(_out);
        string data = arguments.GetRequiredValue(_data);
        TuneOptions options = _options.Read(arguments, null);
        string start = NewModel.Create(
            arguments.GetRequiredValue(_config),
            data,
            options.Format,
            RunFiles.Of(output, options.IsFull),
            options.Seed);
        using LanguageModel model = TuneJob.Load(terminal, start, arguments.GetValue(_threads), options);
        RunRecord? record = TuneJob.Run(terminal, model, data, output, options, _options.Resumes(arguments));
        return TuneJob.Say(terminal, output, options, record, arguments.GetValue(_json));
    }
}
