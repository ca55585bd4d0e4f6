using System.CommandLine;
using Chaku.Cli.Options;
using Chaku.Model;
using Chaku.Model.Generation;

namespace Chaku.Cli.Commands;

/// <summary>Continues plain text.</summary>
internal sealed class RunCommand : ProgramCommand
{
    private readonly ModelArguments _model;
    private readonly SamplingArguments _sampling;

    private readonly Argument<string> _prompt = new("PROMPT")
    {
        Description = "The text to continue; - reads it from standard input; nothing begins a new text.",
        DefaultValueFactory = _ => "",
    };

    private readonly Option<bool> _raw = new("--raw")
    {
        Description = "Prints the continuation and nothing else, not even a line break after it.",
    };

    private readonly Option<bool> _json = JsonOutput.CreateOption();

    private readonly Option<int?> _logProbabilities = NumberOption.Whole(
        "--log-probabilities",
        "With --json: each token's log-probability, and this many of the likeliest tokens beside it.");

    /// <summary>Describes the command line.</summary>
    public RunCommand()
        : base("run", "Continues a text.")
    {
        _model = new ModelArguments(this);
        Add(_prompt);
        _sampling = new SamplingArguments(this);
        Add(_raw);
        Add(_json);
        Add(_logProbabilities);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "chaku run model.gguf \"Once upon a time\"",
        "chaku run model.gguf \"Once upon a time\" --adapter my-adapter --temperature 0.7 --seed 1",
        "chaku run model.gguf \"2 + 2 =\" --raw --max-tokens 4 --temperature 0",
        "chaku run model.gguf - --json --log-probabilities 5 < prompt.txt",
    ];

    /// <inheritdoc/>
    public override int Execute(ParseResult arguments, Terminal terminal)
    {
        bool isJson = arguments.GetValue(_json);
        bool isRaw = arguments.GetValue(_raw);
        if (isJson && isRaw)
        {
            throw new UsageException("--raw and --json exclude each other");
        }

        GenerationOptions options = _sampling.Read(
            arguments, _model.StopIds(arguments), isJson ? arguments.GetValue(_logProbabilities) : null);
        using LanguageModel model = _model.Load(arguments, terminal);
        AdapterChoice adapter = _model.LoadAdapter(arguments, model, terminal);
        options = options with { StopIds = [.. options.StopIds, .. adapter.StopIds] };
        string prompt = arguments.GetValue(_prompt) ?? "";
        prompt = prompt == "-" ? terminal.Input.ReadToEnd() : prompt;
        int[] tokens = Generator.EncodePrompt(model.Tokenizer, prompt);
        using Generator generator = new(model, adapter.Bound);
        if (isJson)
        {
            Answer answer = Answer.Generate(terminal, generator, tokens, options, _ => { }, terminal.Cancellation);
            JsonOutput.WriteObject(terminal.Output, json => answer.WriteFields(json, model));
            return ExitCodes.Success;
        }

        Print(terminal, generator, isRaw ? null : prompt, tokens, options);
        return ExitCodes.Success;
    }

    private static void Print(
        Terminal terminal, Generator generator, string? prompt, int[] tokens, GenerationOptions options)
    {
        bool isBegun = prompt is null;
        Answer answer = Answer.Generate(terminal, generator, tokens, options, text =>
        {
            terminal.Print(isBegun ? text : prompt + text);
            isBegun = true;
        }, terminal.Cancellation);
        if (prompt is not null)
        {
            terminal.Print(isBegun ? "\n" : prompt + "\n");
            terminal.Remark(answer.Summary());
        }
    }
}
