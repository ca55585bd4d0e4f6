using System.CommandLine;
using Chaku.Cli.Options;
using Chaku.Cli.Own;
using Chaku.Evaluation;
using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Decoding;
using Chaku.Model.Files;
using Chaku.Model.Templates;
using Chaku.Training;
using Chaku.Training.Datasets;
using Chaku.Training.Runs;

namespace Chaku.Cli.Commands;

/// <summary>The whole way in one command: measure, tune, measure again, and say how to talk with the result.</summary>
internal sealed class OwnCommand : ProgramCommand
{
    private const string DefaultAdapter = "my-chaku";
    private const string DefaultModel = DefaultAdapter + ".gguf";
    private const double HeldOutShare = 0.1;

    private readonly Argument<string> _model = new("MODEL")
    {
        Description = "The base: a GGUF file or a Hugging Face folder; the small model in this program by default.",
        DefaultValueFactory = _ => OwnModel.Name,
    };

    private readonly Argument<string?> _data = new("DATA")
    {
        Description =
            "Conversations to learn from, in any of --format's formats; a new skill for the small model by default.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _out = new("--out", "-o")
    {
        Description =
            $"The adapter, a folder in PEFT's format, {DefaultAdapter} by default; with --full the model, a GGUF " +
            $"file, {DefaultModel} by default.",
        HelpName = "OUT",
    };

    private readonly Option<string?> _test = new("--test")
    {
        Description = "Questions to measure on, with their answers; a tenth of DATA is held out for it by default.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _keep = new("--known")
    {
        Description = "Questions that the base can answer, to see whether it still can.",
        HelpName = "FILE",
    };

    private readonly Option<int?> _threads =
        NumberOption.Whole("--threads", "Threads; one for each processor by default.", 1);

    private readonly TuneArguments _options;
    private readonly TemplateOption _template;
    private readonly Option<bool> _json = JsonOutput.CreateOption();

    /// <summary>Describes the command line.</summary>
    public OwnCommand()
        : base("own", "Makes a model yours in one command: measures it, tunes it on your data, measures it again.")
    {
        Add(_model);
        Add(_data);
        Add(_out);
        Add(_test);
        Add(_keep);
        _options = new TuneArguments(this);
        _template = new TemplateOption(this);
        Add(_threads);
        Add(_json);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "chaku own",
        "chaku own model.gguf my-conversations.jsonl -o my-adapter --epochs 2",
        "chaku own model.gguf records.json --test questions.json --template alpaca",
    ];

    /// <inheritdoc/>
    public override int Execute(ParseResult arguments, Terminal terminal)
    {
        string named = arguments.GetRequiredValue(_model);
        string? namedData = arguments.GetValue(_data);
        bool isOwn = namedData is null;
        if (isOwn && named != OwnModel.Name)
        {
            throw new UsageException($"chaku own {named} needs DATA: conversations to learn from");
        }

        _ = _options.Recipe(arguments);
        string output = arguments.GetValue(_out) ?? (_options.IsFull(arguments) ? DefaultModel : DefaultAdapter);
        using LanguageModel model = TuneJob.Load(
            terminal, ModelPath.Resolve(named), arguments.GetValue(_threads), _options.Read(arguments, null));
        TuneOptions options = ReadOptions(arguments, terminal, model, isOwn);
        string data = namedData ?? OwnModel.Skill.Unpack();
        Dataset dataset = Dataset.Read(data, options.Format);
        PromptEncoder prompts = new(model.Tokenizer, ChatTemplates.Resolve(
            options.Template ?? options.RecipeTemplate, model.ChatTemplate, model.Tokenizer.Vocabulary));
        OwnMeasurement measurement = new(
            prompts, Questions(arguments, isOwn, dataset, model, prompts, options), terminal);

        OwnReport.Begin(terminal.Error, named, data);
        IReadOnlyList<IReadOnlyList<AnsweredCase>> before = measurement.Take(model, null);
        OwnReport.Print(terminal.Error, "before", measurement.Sets, before);
        RunRecord? record = TuneJob.Run(terminal, model, data, output, options, _options.Resumes(arguments));
        IReadOnlyList<IReadOnlyList<AnsweredCase>> after = options.IsFull
            ? measurement.Take(output, model.Options.ThreadCount)
            : measurement.Take(model, Bind(output, model, terminal));
        OwnOutcome outcome = new(named, output, options.IsFull, measurement.Sets, before, after, record);
        if (arguments.GetValue(_json))
        {
            JsonOutput.WriteObject(terminal.Output, outcome.WriteFields);
        }
        else
        {
            OwnReport.Print(terminal.Error, "after", measurement.Sets, after);
            outcome.Print(terminal.Output);
        }

        return record is null ? ExitCodes.Success : TuneJob.EndOf(terminal, output, record.Report);
    }

    private static BoundAdapter Bind(string output, LanguageModel model, Terminal terminal) =>
        model.Bind(AdapterReader.Read(
            output, model, ContentHashCache.ForUser(), isForced: false, progress: null, terminal.Cancellation).Adapter);

    private TuneOptions ReadOptions(ParseResult arguments, Terminal terminal, LanguageModel model, bool isOwn)
    {
        TuneOptions options = TuneJob.ReadOptions(
            terminal,
            arguments,
            _options,
            _template.Name(arguments),
            model,
            isOwn ? OwnModel.SkillOptionsFor(_options.IsFull(arguments)) : null);

        // Questions come from somewhere, whatever a recipe holds out.
        return isOwn ? options with { DataLicense = options.DataLicense ?? OwnModel.License }
            : arguments.GetValue(_test) is null && !options.Use.HoldsOut
                ? options with { ValidationShare = HeldOutShare }
                : options;
    }

    private QuestionSet[] Questions(
        ParseResult arguments,
        bool isOwn,
        Dataset dataset,
        LanguageModel model,
        PromptEncoder prompts,
        TuneOptions options)
    {
        string? test = arguments.GetValue(_test) ?? (isOwn ? OwnModel.SkillTest.Unpack() : null);
        string? known = arguments.GetValue(_keep) ?? (isOwn ? OwnModel.KnownTest.Unpack() : null);
        List<QuestionSet> sets =
        [
            test is null
                ? QuestionSet.HeldOut("what is held out", dataset, HeldOut(dataset, model, prompts, options))
                : QuestionSet.Read(isOwn ? "the new skill" : "the test", test, options.Format),
        ];
        if (known is not null)
        {
            sets.Add(QuestionSet.Read("what it knew", known, options.Format));
        }

        return [.. sets];
    }

    // The same records that the run will hold out.
    private static TrainingSet HeldOut(
        Dataset dataset, LanguageModel model, PromptEncoder prompts, TuneOptions options) =>
        DatasetEncoder.Encode(
            dataset, model.Tokenizer, prompts, Tuning.ContextLengthOf(model, options), options.Use).Validation;
}
