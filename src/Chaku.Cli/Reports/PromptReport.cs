using System.Globalization;
using System.Text;
using System.Text.Json;
using Chaku.Model.Templates;
using Chaku.Model.Tokenizers;
using Spectre.Console;

namespace Chaku.Cli.Reports;

/// <summary>What a model sees of a conversation, token by token.</summary>
internal sealed class PromptReport
{
    private static readonly Style MarkStyle = new(Color.Blue);
    private static readonly Style AnswerStyle = new(Color.Green);
    private static readonly Style AnswerMarkStyle = new(Color.Green, decoration: Decoration.Bold);

    private readonly Tokenizer _tokenizer;
    private readonly PromptEncoder _encoder;
    private readonly string _template;
    private readonly EncodedConversation _tokens;

    /// <summary>
    /// Writes a conversation in tokens, up to where the next answer begins if it is the assistant's turn.
    /// </summary>
    /// <exception cref="ChatTemplateException">The template does not fit the vocabulary.</exception>
    public PromptReport(Tokenizer tokenizer, ChatTemplate template, Conversation conversation)
    {
        _tokenizer = tokenizer;
        _encoder = new(tokenizer, template);
        _template = template.Name;
        _tokens = _encoder.Encode(conversation, conversation.Messages[^1].Role == Role.User);
    }

    private IEnumerable<(int Id, bool IsMark, bool IsAnswer)> Tokens => _tokens.Ids.Zip(
        _tokens.IsAnswer, (id, isAnswer) => (id, _tokenizer.Vocabulary.IsMark(id), isAnswer));

    /// <summary>Writes the fields for scripts.</summary>
    public void WriteFields(Utf8JsonWriter json)
    {
        json.WriteString("template", _template);
        json.WriteStartArray("tokens");
        foreach ((int id, bool isMark, bool isAnswer) in Tokens)
        {
            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteString("text", Encoding.UTF8.GetString(_tokenizer.BytesOf(id)));
            json.WriteBoolean("mark", isMark);
            json.WriteBoolean("answer", isAnswer);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumbers("stop_ids", _encoder.StopIds.Order().Select(id => (long)id));
        json.WriteStartArray("stop_strings");
        foreach (string text in _encoder.StopStrings)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    /// <summary>Prints it for people, a token on a line; marks and answers in colours, and named.</summary>
    public void Print(Terminal terminal)
    {
        IAnsiConsole console = terminal.OutputConsole();
        Line($"template {Terminal.Harmless(Terminal.OneLine(_template))}; mark: a control token; " +
            "answer: what the model says, and what training trains");
        foreach ((int id, bool isMark, bool isAnswer) in Tokens)
        {
            (string kind, Style style) = (isMark, isAnswer) switch
            {
                (true, true) => ("answer mark", AnswerMarkStyle),
                (true, false) => ("mark", MarkStyle),
                (false, true) => ("answer", AnswerStyle),
                _ => ("", Style.Plain),
            };
            Line(string.Create(CultureInfo.InvariantCulture, $"{id,8}  {kind,-11}  {Spell(id)}"), style);
        }

        foreach (int id in _encoder.StopIds.Order())
        {
            Line(string.Create(CultureInfo.InvariantCulture, $"{id,8}  {"stops",-11}  {Spell(id)}"));
        }

        foreach (string text in _encoder.StopStrings)
        {
            Line($"{"",8}  {"stops",-11}  {TokenText.Quote(Encoding.UTF8.GetBytes(text))}");
        }

        void Line(string text, Style? style = null) => console.Write(new Text(text + "\n", style));
    }

    private string Spell(int id) => TokenText.Quote(_tokenizer.BytesOf(id));
}
