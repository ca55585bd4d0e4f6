namespace Chaku.Model.Templates;

/// <summary>A template that writes something before and after each message: every built-in one.</summary>
/// <remarks>
/// What ends an answer is trained with it. Where that is text and no token, it is the text that stops generation as
/// well, so it belongs to the answer although it may be where the next question begins.
/// </remarks>
/// <param name="name">Its name in the table.</param>
/// <param name="format">What it writes.</param>
internal sealed class TurnTemplate(string name, TurnFormat format) : ChatTemplate
{
    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Definition { get; } = format.Definition();

    /// <inheritdoc/>
    public override IReadOnlyList<string> Marks => format.Marks;

    /// <inheritdoc/>
    public override IReadOnlyList<string> StopTokens => format.StopTokens;

    /// <inheritdoc/>
    public override IReadOnlyList<string> StopStrings => format.StopStrings;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Fingerprints => format.Fingerprints;

    /// <inheritdoc/>
    protected override void Write(Conversation conversation, bool addGenerationPrompt, List<TemplateSpan> spans)
    {
        IReadOnlyList<TemplateSpan> system = System(conversation);
        IReadOnlyList<TemplateSpan> start = format.Question;
        spans.AddRange(format.Opening);
        if (!format.IsSystemInQuestion)
        {
            spans.AddRange(system);
            system = [];
        }

        foreach (Message message in conversation.Turns)
        {
            if (message.Role == Role.Assistant)
            {
                WriteAnswer(message, spans);
                start = format.NextQuestion ?? format.Question;
                continue;
            }

            spans.AddRange(start);
            spans.AddRange(system);
            WriteQuestion(message, isShielded: system.Count > 0, spans);
            system = [];
        }

        if (addGenerationPrompt)
        {
            spans.Add(TemplateSpan.Markup(format.Reply));
        }
    }

    private IReadOnlyList<TemplateSpan> System(Conversation conversation)
    {
        TemplateSpan words;
        if (conversation.System is { } system)
        {
            words = TemplateSpan.Content(Clean(system, Role.System));
        }
        else if (format.Introduction.Length > 0)
        {
            bool hasInput = conversation.Turns.First().Input.Length > 0;
            words = TemplateSpan.Markup((hasInput ? format.IntroductionWithInput : null) ?? format.Introduction);
        }
        else
        {
            return [];
        }

        return [TemplateSpan.Markup(format.SystemStart), words, TemplateSpan.Markup(format.SystemEnd)];
    }

    // The models' own templates trim a question together with what stands before it: a system's words shield it.
    private void WriteQuestion(Message message, bool isShielded, List<TemplateSpan> spans)
    {
        bool hasHeading = format.InputHeading is not null && message.Input.Length > 0;
        spans.Add(TemplateSpan.Content(Clean(hasHeading ? message.Content : message.Text, Role.User, isShielded)));
        if (hasHeading)
        {
            spans.Add(TemplateSpan.Markup(format.InputHeading!));
            spans.Add(TemplateSpan.Content(Clean(message.Input, Role.User)));
        }

        spans.AddRange(format.QuestionEnd);
    }

    private void WriteAnswer(Message message, List<TemplateSpan> spans)
    {
        spans.Add(TemplateSpan.Markup(format.Reply));
        spans.Add(TemplateSpan.Answer(format.AnswerLead + Clean(message.Content, Role.Assistant)));
        spans.AddRange(format.AnswerEnd.Select(static span => span with { IsAnswer = true }));
    }

    private string Clean(string words, Role role, bool isShielded = false)
    {
        if (format.CollapsesBlankLines)
        {
            words = words.ReplaceLineEndings("\n");
            while (words.Contains("\n\n", StringComparison.Ordinal))
            {
                words = words.Replace("\n\n", "\n", StringComparison.Ordinal);
            }
        }

        return !format.Trimmed.Contains(role) ? words : isShielded ? words.TrimEnd() : words.Trim();
    }
}
