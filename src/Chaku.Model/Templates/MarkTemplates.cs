namespace Chaku.Model.Templates;

/// <summary>Those in which a token of its own stands before each message and another after it.</summary>
internal static class MarkTemplates
{
    private const string Start = "<|im_start|>";
    private const string End = "<|im_end|>";
    private const string Prompter = "<|prompter|>";
    private const string Assistant = "<|assistant|>";

    /// <summary>ChatML, as Qwen and many others have it: a role, a line break, the words.</summary>
    /// <remarks>
    /// There is no default system: Qwen2's own template says "You are a helpful assistant." where none is given. The
    /// line break after an answer's end is written when another message follows. Source: Qwen/Qwen2-7B-Instruct.
    /// </remarks>
    public static ChatTemplate ChatMl { get; } = new TurnTemplate("chatml", new()
    {
        SystemStart = Start + "system\n",
        SystemEnd = End + "\n",
        Question = [TemplateSpan.Markup(Start + "user\n")],
        NextQuestion = [TemplateSpan.Markup("\n" + Start + "user\n")],
        QuestionEnd = [TemplateSpan.Markup(End + "\n")],
        Reply = Start + "assistant\n",
        AnswerEnd = [TemplateSpan.Markup(End)],
        Marks = [Start, End],
        StopTokens = [End, Start, "<|endoftext|>"],
    });

    /// <summary>OpenAssistant's: each message ends with the vocabulary's own end.</summary>
    /// <remarks>
    /// What the system says stands before the first question: only some of its models have a mark for it. Sources:
    /// FastChat <c>conversation.py</c>, <c>oasst_pythia</c> and <c>oasst_llama</c>;
    /// OpenAssistant/oasst-sft-4-pythia-12b-epoch-3.5.
    /// </remarks>
    public static ChatTemplate OpenAssistant { get; } = new TurnTemplate("oasst", new()
    {
        SystemEnd = "\n\n",
        IsSystemInQuestion = true,
        Question = [TemplateSpan.Markup(Prompter)],
        QuestionEnd = [TemplateSpan.EndOfSequence],
        Reply = Assistant,
        AnswerEnd = [TemplateSpan.EndOfAnswer],
        Marks = [Prompter, Assistant],
    });
}
