using System.CommandLine;
using System.Text.Json;
using Chaku.Cli.Options;
using Chaku.Cli.Reports;
using Chaku.Model.Adapters;
using Chaku.Model.Families;
using Chaku.Model.Files;
using Chaku.Model.Hub;
using Chaku.Model.Templates;

namespace Chaku.Cli.Commands;

/// <summary>Says what is in a model or an adapter, or what a model sees of a conversation.</summary>
internal sealed class ShowCommand : ProgramCommand
{
    private readonly Argument<string> _path = new("FILE")
    {
        Description =
            "A model (a GGUF file or a Hugging Face folder) or an adapter (PEFT's folder or a GGUF file); " +
            "one that chaku pull has fetched by its name, " + HubReference.Form + ".",
    };

    private readonly Option<bool> _hash = new("--hash")
    {
        Description =
            "Adds a model's content hash, by which adapters know their base; reads the whole file the first time.",
    };

    private readonly Option<string?> _template = new("--template")
    {
        Description =
            "Shows instead what the model sees of a conversation, token by token, written as NAME does: " +
            $"{TemplateOption.Names}; the model's own by default. Its vocabulary is enough.",
        HelpName = "NAME",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly ConversationArguments _conversation;

    private readonly Option<bool> _json = JsonOutput.CreateOption();

    /// <summary>Describes the command line.</summary>
    public ShowCommand()
        : base("show", "Says what is in a model or an adapter: shapes, formats, metadata, licence where stated.")
    {
        Add(_path);
        Add(_hash);
        Add(_template);
        _conversation = new ConversationArguments(this);
        Add(_json);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "chaku show model.gguf",
        "chaku show my-adapter",
        "chaku show model.gguf --hash --json",
        "chaku show model.gguf --template",
        "chaku show model.gguf --template chatml --message \"Hi!\" --message \"Hello.\"",
    ];

    /// <inheritdoc/>
    public override int Execute(ParseResult arguments, Terminal terminal)
    {
        string path = ModelPath.Resolve(arguments.GetRequiredValue(_path));
        bool isJson = arguments.GetValue(_json);
        bool isPrompt = arguments.GetResult(_template) is not null;
        if (!isPrompt && _conversation.AreGiven(arguments))
        {
            throw new UsageException("--system and --message go with --template");
        }

        if (isPrompt)
        {
            ShowPrompt(path, arguments, terminal, isJson);
            return ExitCodes.Success;
        }

        FileReport report = CreateReport(path, arguments, terminal);
        Show(terminal, isJson, report.WriteFields, report.Print);
        return ExitCodes.Success;
    }

    private FileReport CreateReport(string path, ParseResult arguments, Terminal terminal)
    {
        if (File.Exists(Path.Combine(path, HuggingFaceConfig.FileName)))
        {
            Metadata config = HuggingFaceConfig.Read(Path.Combine(path, HuggingFaceConfig.FileName));
            using TensorFolder weights = TensorFolder.Open(path);
            return ModelReport.Create(path, config, weights, Hash(weights.Content, arguments, terminal));
        }

        if (!Directory.Exists(path) && AdapterContainers.Find(path) is null)
        {
            using GgufFile file = GgufFile.Open(path);
            return ModelReport.Create(file, Hash(file.Content, arguments, terminal));
        }

        using AdapterSource adapter = AdapterSource.Open(path);
        using ProgressReport progress = terminal.Progress("measuring the changes");
        return AdapterReport.Create(adapter, progress.Report, terminal.Cancellation);
    }

    private string? Hash(ModelContent content, ParseResult arguments, Terminal terminal)
    {
        if (!arguments.GetValue(_hash))
        {
            return null;
        }

        using ProgressReport progress = terminal.Progress("reading the weights");
        return ContentHashCache.ForUser().GetOrCompute(content, progress.Report, terminal.Cancellation);
    }

    private void ShowPrompt(string path, ParseResult arguments, Terminal terminal, bool isJson)
    {
        if (arguments.GetValue(_hash))
        {
            throw new UsageException("--hash and --template exclude each other");
        }

        if (AdapterContainers.Find(path) is not null)
        {
            throw new UsageException("--template takes a model: an adapter has no vocabulary");
        }

        Conversation conversation = _conversation.Read(arguments);
        ModelText text = ModelText.Open(path);
        ChatTemplate template = ChatTemplates.Resolve(
            arguments.GetValue(_template), text.ChatTemplate, text.Tokenizer.Vocabulary);
        PromptReport report = new(text.Tokenizer, template, conversation);
        Show(terminal, isJson, report.WriteFields, report.Print);
    }

    private static void Show(
        Terminal terminal, bool isJson, Action<Utf8JsonWriter> writeFields, Action<Terminal> print)
    {
        if (isJson)
        {
            JsonOutput.WriteObject(terminal.Output, writeFields);
        }
        else
        {
            print(terminal);
        }
    }
}
