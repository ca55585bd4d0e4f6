using System.CommandLine;
using Chaku.Cli.Options;
using Chaku.Cli.Own;
using Chaku.Evaluation;
using Chaku.Model;
using Chaku.Model.Adapters;
using Chaku.Model.Files;
using Chaku.Model.Templates;
using Chaku.Training;
using Chaku.Training.Datasets;
using Chaku.Training.Runs;

namespace Chaku.Cli.Commands;

/// <summary>The whole way in one command: measure, tune, measure again, and say how to talk with the result.</summary>
internal sealed class OwnCommand : ProgramCommand
{
    private const string DefaultOutput = "my-chaku";
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

    private readonly Option<string> _out = new("--out", "-o")
    {
        Description = $"The adapter, a folder in PEFT's format; {DefaultOutput} by default.",
        HelpName = "OUT",
        DefaultValueFactory = _ => DefaultOutput,
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

        string output = arguments.GetRequiredValue(_out);
        using LanguageModel model = Load(arguments, terminal);
        TuneOptions options = ReadOptions(arguments, isOwn);
        string data = namedData ?? OwnModel.Skill.Unpack();
        Dataset dataset = Dataset.Read(data, options.Format);
        PromptEncoder prompts = new(model.Tokenizer, ChatTemplates.Resolve(
            options.Template, model.ChatTemplate, model.Tokenizer.Vocabulary));
        OwnMeasurement measurement = new(
            model, prompts, Questions(arguments, isOwn, dataset, model, prompts, options), terminal);

        OwnReport.Begin(terminal.Error, named, data);
        IReadOnlyList<IReadOnlyList<AnsweredCase>> before = measurement.Take(null);
        OwnReport.Print(terminal.Error, "before", measurement.Sets, before);
        RunRecord? record = TuneJob.Run(terminal, model, data, output, options, _options.Resumes(arguments));
        LoadedAdapter adapter = PeftAdapter.Read(
            output, model, ContentHashCache.ForUser(), isForced: false, progress: null, terminal.Cancellation);
        IReadOnlyList<IReadOnlyList<AnsweredCase>> after = measurement.Take(model.Bind(adapter.Adapter));
        if (arguments.GetValue(_json))
        {
            JsonOutput.WriteObject(
                terminal.Output, json => OwnReport.WriteFields(json, output, measurement.Sets, before, after, record));
        }
        else
        {
            OwnReport.Print(terminal.Error, "after", measurement.Sets, after);
            OwnReport.End(terminal.Output, named, output, measurement.Sets, before, after, record);
        }

        return record is null ? ExitCodes.Success : TuneJob.EndOf(terminal, output, record.Report);
    }

    private TuneOptions ReadOptions(ParseResult arguments, bool isOwn)
    {
        TuneOptions defaults = isOwn ? OwnModel.SkillOptions : new TuneOptions { ValidationShare = HeldOutShare };
        return _options.Read(arguments, _template.Name(arguments), defaults);
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

    private LanguageModel Load(ParseResult arguments, Terminal terminal)
    {
        LanguageModel model = LanguageModel.Load(
            ModelPath.Resolve(arguments.GetRequiredValue(_model)),
            new ModelOptions
            {
                ThreadCount = arguments.GetValue(_threads) ?? new ModelOptions().ThreadCount,
                Repack = false,
            });
        foreach (string notice in model.Notices)
        {
            terminal.Warn(notice);
        }

        return model;
    }
}
