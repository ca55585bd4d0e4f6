namespace Chaku.Model.Templates;

/// <summary>Stanford Alpaca's: an instruction, perhaps an input, a response.</summary>
/// <remarks>
/// The prompt ends with a colon and no line break; the answer follows at once. A message of the system stands in place
/// of the introduction, and a later turn repeats the headings after the answer's end: Alpaca itself had neither.
/// Source: stanford_alpaca <c>train.py</c>.
/// </remarks>
internal sealed class AlpacaTemplate : ChatTemplate
{
    private const string WithInput =
        "Below is an instruction that describes a task, paired with an input that provides further context. "
        + "Write a response that appropriately completes the request.";

    private const string WithoutInput =
        "Below is an instruction that describes a task. "
        + "Write a response that appropriately completes the request.";

    /// <inheritdoc/>
    public override string Name => "alpaca";

    /// <inheritdoc/>
    public override IReadOnlyList<string> StopStrings { get; } = ["###"];

    /// <inheritdoc/>
    protected override void Write(Conversation conversation, bool addGenerationPrompt, List<TemplateSpan> spans)
    {
        string introduction = conversation.Turns.First().Input.Length > 0 ? WithInput : WithoutInput;
        spans.Add(conversation.System is { } system
            ? TemplateSpan.Content(system)
            : TemplateSpan.Markup(introduction));
        spans.Add(TemplateSpan.Markup("\n\n"));
        foreach (Message message in conversation.Turns)
        {
            if (message.Role == Role.Assistant)
            {
                spans.Add(TemplateSpan.Answer(message.Content));
                spans.Add(TemplateSpan.EndOfAnswer);
                continue;
            }

            spans.Add(TemplateSpan.Markup("### Instruction:\n"));
            spans.Add(TemplateSpan.Content(message.Content));
            if (message.Input.Length > 0)
            {
                spans.Add(TemplateSpan.Markup("\n\n### Input:\n"));
                spans.Add(TemplateSpan.Content(message.Input));
            }

            spans.Add(TemplateSpan.Markup("\n\n### Response:"));
        }
    }
}
