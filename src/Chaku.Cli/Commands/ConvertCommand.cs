using System.CommandLine;
using System.Globalization;
using Chaku.Cli.Options;
using Chaku.Kernels.Formats;
using Chaku.Model.Adapters;
using Chaku.Model.Conversion;

namespace Chaku.Cli.Commands;

/// <summary>
/// Makes a GGUF file of a folder, or a folder of a file: a model's, or an adapter's where the base is named.
/// </summary>
internal sealed class ConvertCommand : ProgramCommand
{
    private readonly Argument<string> _source = new("SOURCE")
    {
        Description = ModelPath.Description + " Or an adapter: a folder in PEFT's format or a GGUF file.",
    };

    private readonly Option<string> _out = new("--out", "-o")
    {
        Description = "What is made: a GGUF file of a folder, a Hugging Face folder of a GGUF file.",
        HelpName = "TARGET",
        Required = true,
    };

    private readonly Option<string?> _model = new("--model")
    {
        Description =
            "The model that an adapter is for, where SOURCE is one: it gives names, shapes and the order of rows.",
        HelpName = "BASE",
    };

    private readonly Option<string?> _type = new("--type")
    {
        Description =
            $"What matrices are written as: {TypeNames}. Without it each keeps its type; a folder has no quantised " +
            "types, so that such a matrix becomes f16 there.",
        HelpName = "TYPE",
    };

    private readonly Option<bool> _force = new("--force")
    {
        Description =
            "Writes over what is there already; a folder's README.md too, and its other files of a model go. With " +
            "--model it also takes an adapter of another base or template, and says so.",
    };

    private readonly Option<int?> _threads =
        NumberOption.Whole("--threads", "Threads; one for each processor by default.", 1);

    private readonly Option<bool> _json = JsonOutput.CreateOption();

    /// <summary>Describes the command line.</summary>
    public ConvertCommand()
        : base(
            "convert",
            "Converts a model: a Hugging Face folder to a GGUF file or back, tokenizer and chat template included; " +
            "with --model an adapter, from PEFT's folder to a GGUF file or back.")
    {
        Add(_source);
        Add(_out);
        Add(_model);
        Add(_type);
        Add(_force);
        Add(_threads);
        Add(_json);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "chaku convert my-model -o my-model.gguf",
        "chaku convert my-model -o my-model-f16.gguf --type f16",
        "chaku convert model.gguf -o my-model",
        "chaku convert my-adapter -o my-adapter.gguf --model model.gguf",
    ];

    private static string TypeNames =>
        string.Join(", ", FloatConversion.Targets.Select(ConversionOptions.TypeName));

    /// <inheritdoc/>
    public override int Execute(ParseResult arguments, Terminal terminal)
    {
        string source = ModelPath.Resolve(arguments.GetRequiredValue(_source));
        if (arguments.GetValue(_model) is { } model)
        {
            if (arguments.GetValue(_type) is not null)
            {
                throw new UsageException($"{_type.Name} is for models; an adapter, which --model asks for, has none");
            }

            return ConvertAdapterJob.Run(
                terminal,
                source,
                arguments.GetRequiredValue(_out),
                model,
                CommandText.Of(arguments, arguments.GetRequiredValue(_source), model),
                arguments.GetValue(_force),
                arguments.GetValue(_threads) ?? Environment.ProcessorCount,
                arguments.GetValue(_json));
        }

        if (AdapterContainers.Find(source) is not null)
        {
            throw new UsageException($"{source} is an adapter, which takes --model BASE, the model that it is for");
        }

        ConversionResult result;
        using (ProgressReport progress = terminal.Progress("converting"))
        {
            result = ModelConversion.Run(new ConversionOptions(
                source, arguments.GetRequiredValue(_out))
            {
                Command = CommandText.Of(arguments),
                Type = ReadType(arguments.GetValue(_type)),
                Replaces = arguments.GetValue(_force),
                ThreadCount = arguments.GetValue(_threads) ?? Environment.ProcessorCount,
                Progress = (state, done, all) => progress.Report(done, all, state),
                Cancellation = terminal.Cancellation,
            });
        }

        foreach (string remark in result.Remarks)
        {
            terminal.Warn(remark);
        }

        Print(arguments, terminal, result);
        return ExitCodes.Success;
    }

    private static TensorFormat? ReadType(string? name) => name is null
        ? null
        : FloatConversion.Targets.FirstOrDefault(
            format => string.Equals(format.Name, name, StringComparison.OrdinalIgnoreCase))
            ?? throw new UsageException(
                $"--type is one of {TypeNames}, not '{name}'"
                + (QuantMixes.Find(name) is null ? "" : "; chaku quantize makes quantised files of what is made here"));

    private void Print(ParseResult arguments, Terminal terminal, ConversionResult result)
    {
        if (arguments.GetValue(_json))
        {
            JsonOutput.WriteObject(terminal.Output, json =>
            {
                json.WriteString("path", result.Path);
                json.WriteNumber("tensor_count", result.TensorCount);
                json.WriteNumber("byte_length", result.ByteLength);
                json.WriteStartArray("remarks");
                foreach (string remark in result.Remarks)
                {
                    json.WriteStringValue(remark);
                }

                json.WriteEndArray();
            });
            return;
        }

        terminal.Output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Path}: {result.TensorCount} tensors, {result.ByteLength / 1e6:0.0} MB"));
    }
}
