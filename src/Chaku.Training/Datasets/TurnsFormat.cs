using System.Globalization;
using System.Text.Json;
using Chaku.Model.Templates;
using Chaku.Training.Datasets.Containers;

namespace Chaku.Training.Datasets;

/// <summary>
/// Records with a list of messages, each with who speaks and what: ShareGPT's (<c>from</c>, <c>value</c>) and OpenAI's
/// (<c>role</c>, <c>content</c>); perhaps with <c>tools</c> that may be called, and with a <c>system</c> message apart.
/// </summary>
/// <remarks>
/// Sources: FastChat's data format; OpenAI's reference of the chat completions and fine-tuning APIs. No built-in
/// template has a place for tools, so calls become answers and their results questions, as LLaMA-Factory has it.
/// </remarks>
/// <param name="name">Its name in the table.</param>
/// <param name="lists">The names that the list may have.</param>
internal sealed class TurnsFormat(string name, params string[] lists) : DatasetFormat
{
    private static readonly Dictionary<string, Speaker> Speakers = new(StringComparer.OrdinalIgnoreCase)
    {
        ["system"] = Speaker.System,
        ["developer"] = Speaker.System,
        ["human"] = Speaker.User,
        ["user"] = Speaker.User,
        ["prompter"] = Speaker.User,
        ["gpt"] = Speaker.Assistant,
        ["assistant"] = Speaker.Assistant,
        ["chatgpt"] = Speaker.Assistant,
        ["bing"] = Speaker.Assistant,
        ["bard"] = Speaker.Assistant,
        ["model"] = Speaker.Assistant,
        ["bot"] = Speaker.Assistant,
        ["function_call"] = Speaker.Call,
        ["tool_call"] = Speaker.Call,
        ["observation"] = Speaker.Result,
        ["function_response"] = Speaker.Result,
        ["function"] = Speaker.Result,
        ["tool"] = Speaker.Result,
    };

    private enum Speaker
    {
        System,
        User,
        Assistant,
        Call,
        Result,
    }

    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override string Fields => lists[0];

    /// <inheritdoc/>
    public override bool Recognises(FieldRecord first) => lists.Any(first.Has);

    /// <inheritdoc/>
    public override IEnumerable<DatasetRecord> Read(FieldRecord record)
    {
        string list = lists.FirstOrDefault(record.Has)
            ?? throw record.Wrong($"{string.Join(" or ", lists)}", "none");
        TurnList turns = new(record.Place);
        if (record.OptionalText("system") is { Length: > 0 } system)
        {
            turns.Add(Role.System, system);
        }

        if ((record.OptionalJson("tools") ?? record.OptionalJson("functions")) is { } tools)
        {
            turns.Add(Role.System, $"Tools that can be called:\n{tools}");
            turns.Change(RecordChange.Tools);
        }

        foreach (FieldRecord message in record.Objects(list, "message"))
        {
            if (Add(turns, message) is { } reason)
            {
                return [new UnusableRecord(record.Place, reason)];
            }
        }

        return [turns.ToRecord()];
    }

    // Why the record cannot be used; null where it can.
    private static string? Add(TurnList turns, FieldRecord message)
    {
        string who = message.OptionalText("from") ?? message.OptionalText("role")
            ?? throw message.Wrong("from or role", "none");
        if (!Speakers.TryGetValue(who, out Speaker speaker))
        {
            return $"a message from '{(who.Length > 20 ? who[..20] + "…" : who)}', who is not known";
        }

        string? text = Text(message, out string? otherPart);
        if (otherPart is not null)
        {
            return $"a part of a message is of type {otherPart}, not text";
        }

        if (Calls(message) is { Length: > 0 } calls)
        {
            turns.Change(RecordChange.Calls);
            text = string.IsNullOrEmpty(text) ? calls : $"{text}\n{calls}";
        }

        if (speaker is Speaker.Call or Speaker.Result)
        {
            turns.Change(RecordChange.Calls);
        }

        Role role = speaker switch
        {
            Speaker.System => Role.System,
            Speaker.User or Speaker.Result => Role.User,
            _ => Role.Assistant,
        };
        turns.Add(role, text ?? throw message.Wrong("value or content", "none"), IsLearnt(message));
        return null;
    }

    private static string? Text(FieldRecord message, out string? otherPart)
    {
        otherPart = null;
        string field = message.Has("value") ? "value" : "content";
        if (!message.Has(field, JsonValueKind.Array))
        {
            return message.OptionalText(field);
        }

        List<string> texts = [];
        foreach (FieldRecord part in message.Objects(field, "part"))
        {
            if (part.OptionalText("type") is { } type and not "text")
            {
                otherPart = type.Length > 20 ? type[..20] + "…" : type;
                return null;
            }

            texts.Add(part.Text("text"));
        }

        return string.Concat(texts);
    }

    // Each call on a line, as models of the open world are taught to write them: a name and its arguments.
    private static string Calls(FieldRecord message)
    {
        IEnumerable<FieldRecord> calls = message.Objects("tool_calls", "call")
            .Select(call => call.OptionalObject("function") ?? call);
        if (message.OptionalObject("function_call") is { } single)
        {
            calls = calls.Append(single);
        }

        return string.Join('\n', calls.Select(call =>
            $"{{\"name\": {Quoted(call.Text("name"))}, " +
            $"\"arguments\": {call.OptionalJson("arguments") ?? "{}"}}}"));
    }

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    // OpenAI's weight (0 or 1), Axolotl's train.
    private static bool IsLearnt(FieldRecord message)
    {
        double weight = message.OptionalNumber("weight") ?? 1;
        return weight switch
        {
            0 => false,
            1 => message.OptionalFlag("train") ?? true,
            _ => throw message.Wrong("0 or 1 as weight", weight.ToString(CultureInfo.InvariantCulture)),
        };
    }
}
