using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Chaku.Cli.Options;
using Chaku.Model.Families;
using Chaku.Model.Tokenizers;

namespace Chaku.Cli.Commands;

/// <summary>Prints the tokens of a text.</summary>
internal sealed class TokenizeCommand : ProgramCommand
{
    private readonly Argument<string> _path = new("MODEL")
    {
        Description = "The model: a GGUF file or a Hugging Face folder; its vocabulary is enough.",
    };

    private readonly Argument<string> _text = new("TEXT") { Description = "The text; - reads it from standard input." };

    private readonly Option<bool> _ids = new("--ids") { Description = "Prints the ids alone, on one line." };

    private readonly Option<bool> _special = new("--special")
    {
        Description =
            "Adds BOS and EOS where the vocabulary asks for them; without it the text's own tokens come alone.",
    };

    private readonly Option<bool> _json = JsonOutput.CreateOption();

    /// <summary>Describes the command line.</summary>
    public TokenizeCommand()
        : base("tokenize", "Prints the tokens of a text.")
    {
        Add(_path);
        Add(_text);
        Add(_ids);
        Add(_special);
        Add(_json);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "chaku tokenize model.gguf \"Once upon a time\"",
        "chaku tokenize model.gguf \"Once upon a time\" --ids",
        "chaku tokenize model.gguf - --json < text.txt",
    ];

    /// <inheritdoc/>
    public override int Execute(ParseResult arguments, Terminal terminal)
    {
        Tokenizer tokenizer = ModelText.Open(ModelPath.Resolve(arguments.GetRequiredValue(_path))).Tokenizer;
        string text = arguments.GetRequiredValue(_text);
        text = text == "-" ? terminal.Input.ReadToEnd() : text;
        int[] ids = tokenizer.Encode(text, addSpecial: arguments.GetValue(_special));
        if (arguments.GetValue(_json))
        {
            JsonOutput.WriteObject(terminal.Output, json => WriteFields(json, tokenizer, ids));
        }
        else if (arguments.GetValue(_ids))
        {
            terminal.Output.WriteLine(string.Join(' ', ids));
        }
        else
        {
            foreach (int id in ids)
            {
                terminal.Output.WriteLine(
                    string.Create(CultureInfo.InvariantCulture, $"{id,8}  {TokenText.Quote(tokenizer.BytesOf(id))}"));
            }
        }

        return ExitCodes.Success;
    }

    private static void WriteFields(Utf8JsonWriter json, Tokenizer tokenizer, int[] ids)
    {
        json.WriteStartArray("tokens");
        foreach (int id in ids)
        {
            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteString("text", Encoding.UTF8.GetString(tokenizer.BytesOf(id)));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
