namespace Chaku.Model.Templates;

/// <summary>Falcon's: names before the words, and answers that end where the user's name begins.</summary>
/// <remarks>Source: FastChat <c>conversation.py</c>, <c>falcon</c> and <c>falcon-chat</c>.</remarks>
internal static class FalconTemplates
{
    /// <summary>
    /// Falcon-7B-Instruct's and Falcon-40B-Instruct's: a blank line ends a turn, so words have none. The models know
    /// no system: what it says stands before the first turn.
    /// </summary>
    public static ChatTemplate Instruct { get; } = new TurnTemplate("falcon-instruct", new()
    {
        SystemEnd = "\n\n",
        Question = [TemplateSpan.Markup("User: ")],
        NextQuestion = [TemplateSpan.Markup(" ")],
        Reply = "\n\nAssistant:",
        AnswerLead = " ",
        AnswerEnd = [TemplateSpan.Markup("\n\nUser:")],
        Trimmed = [Role.Assistant],
        CollapsesBlankLines = true,
        StopStrings = ["\nUser"],
    });

    /// <summary>Falcon-180B-Chat's.</summary>
    public static ChatTemplate Chat { get; } = new TurnTemplate("falcon-180b-chat", new()
    {
        SystemStart = "System: ",
        SystemEnd = "\n",
        Question = [TemplateSpan.Markup("User: ")],
        NextQuestion = [TemplateSpan.Markup(" ")],
        Reply = "\nFalcon:",
        AnswerLead = " ",
        AnswerEnd = [TemplateSpan.Markup("\nUser:")],
        Trimmed = [Role.Assistant],
        StopStrings = ["\nUser:"],
    });
}
