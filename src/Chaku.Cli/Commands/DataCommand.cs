using System.CommandLine;
using Chaku.Cli.Options;
using Chaku.Cli.Reports;
using Chaku.Model.Families;
using Chaku.Model.Files;
using Chaku.Model.Templates;
using Chaku.Training;
using Chaku.Training.Datasets;

namespace Chaku.Cli.Commands;

/// <summary>Says what is in a data set, and what a model would learn of it.</summary>
internal sealed class DataCommand : ProgramCommand
{
    // The names that families have for it in config.json.
    private static readonly string[] ContextKeys =
        ["max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx"];

    private readonly Argument<string> _data = new("DATA")
    {
        Description = "The data: a text, a folder of texts, or records in JSON, CSV or Parquet.",
    };

    private readonly Option<string?> _format = FormatOption.Create();

    private readonly Option<string?> _license = new("--license")
    {
        Description = "The terms that the data are under; as file, card or licence beside it state them by default.",
        HelpName = "TERMS",
    };

    private readonly Option<string?> _model = new("--model")
    {
        Description =
            "A model, to count in its tokens and to see what it would learn; its vocabulary is enough. The options " +
            "below need it.",
        HelpName = "MODEL",
    };

    private readonly TemplateOption _template;

    private readonly Option<int?> _context = NumberOption.Whole(
        "--context",
        "Tokens of a sequence at most: what is longer is not learnt from; the model's context by default, but no " +
        $"more than {Tuning.LongestDefaultContext}.",
        2);

    private readonly Option<int?> _show = NumberOption.Whole(
        "--show", "Shows so many records as the model sees them, with what it learns in colour; 1 by default.");

    private readonly Option<bool> _ids = new("--ids") { Description = "Shows them token by token, with ids." };

    private readonly Option<bool> _json = JsonOutput.CreateOption();

    /// <summary>Describes the command line.</summary>
    public DataCommand()
        : base("data", "Says what is in a data set, what would be left out and why, and what is learnt of it.")
    {
        Add(_data);
        Add(_format);
        Add(_license);
        Add(_model);
        _template = new TemplateOption(this);
        Add(_context);
        Add(_show);
        Add(_ids);
        Add(_json);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "chaku data records.json",
        "chaku data records.parquet --format sharegpt --license cc-by-4.0",
        "chaku data records.json --model model.gguf --template alpaca --context 256 --show 3",
        "chaku data records.json --model model.gguf --ids",
    ];

    /// <inheritdoc/>
    public override int Execute(ParseResult arguments, Terminal terminal)
    {
        string? model = arguments.GetValue(_model);
        if (model is null && (_template.Name(arguments) is not null || arguments.GetValue(_ids)
            || arguments.GetValue(_context) is not null || arguments.GetValue(_show) is not null))
        {
            throw new UsageException("--template, --context, --show and --ids go with --model");
        }

        DataReport report;
        using (ProgressReport progress = terminal.Progress("reading the data"))
        {
            Dataset dataset = Dataset.Read(arguments.GetRequiredValue(_data), arguments.GetValue(_format));
            LearnableReport? learnable = model is null ? null : Encode(dataset, model, arguments, terminal, progress);
            report = new DataReport(dataset, arguments.GetValue(_license), learnable);
        }

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

    private LearnableReport Encode(
        Dataset dataset, string named, ParseResult arguments, Terminal terminal, ProgressReport progress)
    {
        string model = ModelPath.Resolve(named);
        string? name = _template.Name(arguments);
        if (name is not null && !dataset.Format.HasConversations)
        {
            throw new UsageException($"{dataset.Path} is read as {dataset.Format.Name}, to which no template applies");
        }

        ModelText text = ModelText.Open(model);
        ChatTemplate? template = dataset.Format.HasConversations
            ? ChatTemplates.Resolve(name, text.ChatTemplate, text.Tokenizer.Vocabulary)
            : null;
        int contextLength = arguments.GetValue(_context) ?? DefaultContext(model);
        TrainingData data = DatasetEncoder.Measure(
            dataset,
            text.Tokenizer,
            template is null ? null : new PromptEncoder(text.Tokenizer, template),
            contextLength,
            progress: (done, all) => progress.Report(done, all),
            cancellation: terminal.Cancellation);
        return new LearnableReport(
            text.Tokenizer,
            template?.Name,
            contextLength,
            data,
            arguments.GetValue(_show) ?? 1,
            arguments.GetValue(_ids));
    }

    // As chaku tune has it, from what the model's files say of themselves; its weights may be missing.
    private static int DefaultContext(string model)
    {
        long? stated;
        if (Directory.Exists(model))
        {
            string path = Path.Combine(model, HuggingFaceConfig.FileName);
            stated = File.Exists(path) ? Whole(HuggingFaceConfig.Read(path), ContextKeys) : null;
        }
        else
        {
            using GgufFile file = GgufFile.Open(model);
            stated = file.Metadata.TryGetString("general.architecture", out string? architecture)
                ? Whole(file.Metadata, [$"{architecture}.context_length"])
                : null;
        }

        return stated is >= 2 and < Tuning.LongestDefaultContext ? (int)stated : Tuning.LongestDefaultContext;
    }

    private static long? Whole(Metadata metadata, string[] keys) => keys
        .Select(key => metadata.Find(key)?.Content switch
        {
            int number => number,
            uint number => number,
            long number => number,
            ulong number and <= long.MaxValue => (long)number,
            _ => (long?)null,
        })
        .FirstOrDefault(number => number is not null);
}
