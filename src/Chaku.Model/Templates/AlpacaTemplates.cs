namespace Chaku.Model.Templates;

/// <summary>Alpaca's dialects and Dolly's: an instruction, perhaps an input, a response, under headings.</summary>
/// <remarks>
/// The models know a single turn and no system. Here a message of the system stands in place of the introduction, and
/// a later turn repeats the headings after the answer's end.
/// </remarks>
internal static class AlpacaTemplates
{
    private const string Introduction =
        "Below is an instruction that describes a task. "
        + "Write a response that appropriately completes the request.";

    private const string IntroductionWithInput =
        "Below is an instruction that describes a task, paired with an input that provides further context. "
        + "Write a response that appropriately completes the request.";

    private const string DollyEnd = "### End";

    private static readonly TurnFormat StanfordFormat = new()
    {
        Introduction = Introduction,
        IntroductionWithInput = IntroductionWithInput,
        SystemEnd = "\n\n",
        Question = [TemplateSpan.Markup("### Instruction:\n")],
        InputHeading = "\n\n### Input:\n",
        Reply = "\n\n### Response:",
        AnswerEnd = [TemplateSpan.EndOfAnswer],
        StopStrings = ["###"],
    };

    /// <summary>Stanford's own: the prompt ends with a colon and no line break, and the answer follows.</summary>
    /// <remarks>Source: stanford_alpaca <c>train.py</c>.</remarks>
    public static ChatTemplate Stanford { get; } = new TurnTemplate("alpaca", StanfordFormat);

    /// <summary>Alpaca-LoRA's: the answer begins on a line of its own.</summary>
    /// <remarks>Source: alpaca-lora <c>templates/alpaca.json</c>.</remarks>
    public static ChatTemplate AlpacaLora { get; } =
        new TurnTemplate("alpaca-lora", StanfordFormat with { Reply = "\n\n### Response:\n" });

    /// <summary>FastChat's: words follow the headings after a space, and an input has no place of its own.</summary>
    /// <remarks>Source: FastChat <c>conversation.py</c>, <c>alpaca</c>.</remarks>
    public static ChatTemplate FastChat { get; } = new TurnTemplate("alpaca-fastchat", StanfordFormat with
    {
        IntroductionWithInput = null,
        Question = [TemplateSpan.Markup("### Instruction: ")],
        InputHeading = null,
        AnswerLead = " ",
        Trimmed = [Role.Assistant],
    });

    /// <summary>
    /// Dolly v2's. Its headings and its end are tokens where the vocabulary has them as such, the response's with the
    /// line break after it, and text in any other.
    /// </summary>
    /// <remarks>Source: dolly <c>training/consts.py</c>, <c>training/generate.py</c>.</remarks>
    public static ChatTemplate Dolly { get; } = new TurnTemplate("dolly", new()
    {
        Introduction = Introduction,
        SystemEnd = "\n\n",
        Question = [TemplateSpan.Markup("### Instruction:\n")],
        NextQuestion = [TemplateSpan.Markup("\n\n### Instruction:\n")],
        InputHeading = "\n\nInput:\n",
        Reply = "\n\n### Response:\n",
        AnswerEnd = [TemplateSpan.Markup("\n\n" + DollyEnd)],
        Trimmed = [Role.Assistant],
        StopTokens = [DollyEnd],
        StopStrings = [DollyEnd],
    });
}
