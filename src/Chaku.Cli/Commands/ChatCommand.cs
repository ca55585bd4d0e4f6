using System.CommandLine;
using System.Text;
using Chaku.Cli.Options;
using Chaku.Model;
using Chaku.Model.Generation;
using Chaku.Model.Templates;
using Spectre.Console;

namespace Chaku.Cli.Commands;

/// <summary>Holds a conversation in the model's own template.</summary>
internal sealed class ChatCommand : ProgramCommand
{
    private const string Exit = "/exit";
    private const string Clear = "/clear";

    private readonly ModelArguments _model;
    private readonly SamplingArguments _sampling;
    private readonly TemplateOption _template;
    private readonly Option<string?> _system = new("--system")
    {
        Description = "Tells the model how to behave.",
        HelpName = "TEXT",
    };

    private readonly Option<bool> _json = JsonOutput.CreateOption();

    /// <summary>Describes the command line.</summary>
    public ChatCommand()
        : base(
            "chat",
            "Holds a conversation: a line is a message. Ctrl-C stops an answer, /exit ends, /clear begins anew.")
    {
        _model = new ModelArguments(this);
        _sampling = new SamplingArguments(this);
        _template = new TemplateOption(this);
        Add(_system);
        Add(_json);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "chaku chat model.gguf",
        "chaku chat model.gguf --adapter my-adapter --template alpaca",
        "echo \"What is a vicuña?\" | chaku chat model.gguf --json --seed 1",
    ];

    /// <inheritdoc/>
    public override int Execute(ParseResult arguments, Terminal terminal)
    {
        GenerationOptions options = _sampling.Read(arguments, _model.StopIds(arguments));
        using LanguageModel model = _model.Load(arguments, terminal);
        AdapterChoice adapter = _model.LoadAdapter(arguments, model, terminal);
        PromptEncoder encoder = new(model.Tokenizer, _template.Resolve(arguments, model, adapter, terminal));
        options = options with
        {
            StopIds = [.. options.StopIds, .. encoder.StopIds, .. adapter.StopIds],
            StopStrings = [.. options.StopStrings, .. encoder.StopStrings],
        };
        using Generator generator = new(model, adapter.Bound);
        Talk talk = new(terminal, generator, encoder, options)
        {
            System = arguments.GetValue(_system),
            WriteJson = arguments.GetValue(_json)
                ? answer => JsonOutput.WriteObject(terminal.Output, json => answer.WriteFields(json, model))
                : null,
        };
        talk.Run();
        return ExitCodes.Success;
    }

    private sealed class Talk(Terminal terminal, Generator generator, PromptEncoder encoder, GenerationOptions options)
    {
        private readonly List<Message> _messages = [];

        private readonly bool _isPersonal = terminal.IsInputTerminal && terminal.IsOutputTerminal;

        public string? System { get; init; }

        public Action<Answer>? WriteJson { get; init; }

        public void Run()
        {
            while (ReadMessage() is { } message)
            {
                if (message == Clear)
                {
                    _messages.Clear();
                }
                else if (message.Length > 0)
                {
                    Reply(message);
                }
            }
        }

        private string? ReadMessage()
        {
            if (_isPersonal)
            {
                terminal.OutputConsole().Write(new Text("> ", new Style(Color.Green)));
                terminal.Output.Flush();
            }

            string? line = terminal.ReadLine()?.Trim();
            return line == Exit ? null : line;
        }

        private void Reply(string message)
        {
            try
            {
                Answer(message);
            }
            catch (ContextOverflowException exception) when (_isPersonal)
            {
                terminal.Warn($"{exception.Message}; {Clear} begins anew");
            }
        }

        private void Answer(string message)
        {
            Message question = new(Role.User, message);
            IEnumerable<Message> system = System is { } text ? [new Message(Role.System, text)] : [];
            Conversation conversation = new([.. system, .. _messages, question]);
            int[] prompt = encoder.Encode(conversation, addGenerationPrompt: true).Ids;
            using CancellationTokenSource stop =
                CancellationTokenSource.CreateLinkedTokenSource(terminal.Cancellation);
            using IDisposable interrupts = terminal.CatchInterrupts(stop.Cancel);
            StringBuilder said = new();
            bool isBegun = false;
            try
            {
                Answer answer = Cli.Answer.Generate(terminal, generator, prompt, options, Say, stop.Token);
                EndLine();
                WriteJson?.Invoke(answer);
                terminal.Remark(answer.Summary());
            }
            catch (OperationCanceledException) when (!terminal.Cancellation.IsCancellationRequested)
            {
                EndLine();
            }

            // What was said stays said, also where it was cut short; a question without an answer was not asked.
            if (said.Length > 0)
            {
                _messages.AddRange([question, new Message(Role.Assistant, said.ToString())]);
            }

            void Say(string piece)
            {
                said.Append(piece);
                string shown = isBegun ? piece : piece.TrimStart();
                isBegun |= shown.Length > 0;
                if (WriteJson is null)
                {
                    terminal.Print(shown);
                }
            }
        }

        private void EndLine()
        {
            if (WriteJson is null)
            {
                terminal.Print("\n");
            }
        }
    }
}
