using System.Buffers.Binary;
using System.CommandLine;
using System.Globalization;
using Chaku.Cli.Options;
using Chaku.Model;
using Chaku.Model.Decoding;
using Chaku.Model.Files;
using Chaku.Model.Scoring;

namespace Chaku.Cli.Commands;

/// <summary>Writes a model's raw scores, for comparison with other programs.</summary>
internal sealed class LogitsCommand : ProgramCommand
{
    private readonly ModelArguments _model;

    private readonly Option<string> _tokens = new("--tokens")
    {
        Description = "Token ids with spaces or commas between; none is added.",
        HelpName = "\"1 2 3\"",
        Required = true,
    };

    private readonly Option<string> _out = new("--out")
    {
        Description = "The file to write: float32, little-endian, a row of the vocabulary's length per position.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<bool> _exact = new("--exact")
    {
        Description = "Leaves activations unrounded for quantised weights: slower, and not what is served.",
    };

    private readonly Option<bool> _json = JsonOutput.CreateOption();

    /// <summary>Describes the command line.</summary>
    public LogitsCommand()
        : base("logits", "Writes the model's raw scores for every position of a list of tokens.")
    {
        _model = new ModelArguments(this);
        Add(_tokens);
        Add(_out);
        Add(_exact);
        Add(_json);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "chaku logits model.gguf --tokens \"1 300 17\" --out logits.bin",
        "chaku logits model.gguf --tokens \"1 300 17\" --out logits.bin --exact --kv f16",
    ];

    /// <inheritdoc/>
    public override int Execute(ParseResult arguments, Terminal terminal)
    {
        int[] tokens = ParseTokens(arguments.GetRequiredValue(_tokens));
        string path = arguments.GetRequiredValue(_out);
        using LanguageModel model = _model.Load(arguments, terminal, arguments.GetValue(_exact));
        BoundAdapter? adapter = _model.LoadAdapter(arguments, model, terminal).Bound;
        using ProgressReport progress = terminal.Progress("computing logits");
        AtomicFile.Write(path, stream =>
        {
            byte[] bytes = new byte[model.Decoder.Config.VocabularySize * sizeof(float)];
            AllLogits.Compute(
                model, tokens, adapter, row => WriteRow(stream, row, bytes), progress.Report, terminal.Cancellation);
        });
        if (arguments.GetValue(_json))
        {
            JsonOutput.WriteObject(terminal.Output, json =>
            {
                json.WriteString("file", path);
                json.WriteNumber("row_count", tokens.Length);
                json.WriteNumber("column_count", model.Decoder.Config.VocabularySize);
            });
        }

        return ExitCodes.Success;
    }

    private static int[] ParseTokens(string text)
    {
        string[] parts = text.Split([' ', ',', '\t', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 0)
        {
            throw new UsageException("--tokens takes at least one token id");
        }

        return Array.ConvertAll(parts, part =>
            int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                ? id
                : throw new UsageException($"--tokens takes token ids, not '{part}'"));
    }

    private static void WriteRow(Stream stream, ReadOnlySpan<float> row, byte[] bytes)
    {
        for (int column = 0; column < row.Length; column++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(column * sizeof(float)), row[column]);
        }

        stream.Write(bytes);
    }
}
