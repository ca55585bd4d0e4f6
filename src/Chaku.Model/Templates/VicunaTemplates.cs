namespace Chaku.Model.Templates;

/// <summary>Vicuna's: a chat between two, each line with the speaker's name before it.</summary>
/// <remarks>
/// A message of the system stands in place of the introduction. Source: FastChat <c>conversation.py</c>.
/// </remarks>
internal static class VicunaTemplates
{
    /// <summary>
    /// The first weights', whose answers end with the sign that begins the next line. FastChat put an example before
    /// the conversation, which is no part of the template.
    /// </summary>
    public static ChatTemplate V0 { get; } = new TurnTemplate("vicuna-v0", new()
    {
        Introduction = "A chat between a curious human and an artificial intelligence assistant. "
            + "The assistant gives helpful, detailed, and polite answers to the human's questions.",
        SystemEnd = "\n### ",
        Question = [TemplateSpan.Markup("Human: ")],
        NextQuestion = [TemplateSpan.Markup(" Human: ")],
        Reply = "\n### Assistant:",
        AnswerLead = " ",
        AnswerEnd = [TemplateSpan.Markup("\n###")],
        Trimmed = [Role.Assistant],
        StopStrings = ["###"],
    });

    /// <summary>That of versions 1.1, 1.3 and 1.5.</summary>
    public static ChatTemplate V11 { get; } = new TurnTemplate("vicuna-v1.1", new()
    {
        Introduction = "A chat between a curious user and an artificial intelligence assistant. "
            + "The assistant gives helpful, detailed, and polite answers to the user's questions.",
        SystemEnd = " ",
        Question = [TemplateSpan.Markup("USER: ")],
        Reply = " ASSISTANT:",
        AnswerLead = " ",
        AnswerEnd = [TemplateSpan.EndOfAnswer],
        Trimmed = [Role.Assistant],
    });
}
