namespace Chaku.Model.Templates;

/// <summary>Those of Llama-2-chat, Llama-3-Instruct and the first Mistral-Instruct.</summary>
internal static class LlamaTemplates
{
    private const string EndOfTurn = "<|eot_id|>";
    private const string HeaderStart = "<|start_header_id|>";
    private const string HeaderEnd = "<|end_header_id|>";

    /// <summary>
    /// Llama-2-chat's: every turn is a sequence of its own, the user's words between <c>[INST]</c> marks.
    /// </summary>
    /// <remarks>
    /// The marks are plain text, so nothing keeps a user from writing them. White space around words is trimmed, as the
    /// models' own templates do. Source: meta-llama/Llama-2-7b-chat-hf.
    /// </remarks>
    public static ChatTemplate Llama2 { get; } = new TurnTemplate("llama-2", new()
    {
        SystemStart = "<<SYS>>\n",
        SystemEnd = "\n<</SYS>>\n\n",
        IsSystemInQuestion = true,
        Question = [TemplateSpan.BeginOfSequence, TemplateSpan.Markup("[INST] ")],
        QuestionEnd = [TemplateSpan.Markup(" [/INST]")],
        AnswerLead = " ",
        AnswerEnd = [TemplateSpan.Markup(" "), TemplateSpan.EndOfAnswer],
        Trimmed = [Role.User, Role.Assistant],
        Fingerprints =
        [
            "e8d5b5a546d3f19df16a5320c614fab05bdc4edd50e850f1afd947b503ea41cf",
            "9780fae5bfea3cfd7be37d328c6edfd296a8869be8131495bbe7eb37e780c88c",
            "1623de5159d584da0b6c78f86ae57b2328746122f2c58446ab7f84bce8c7c57f",
            "17b9854f459dd1e767c9a01a117f61fc1ddf30ca7e5fdd450e4ea20933f7933c",
            "ea2472f29dbd93c3eb696795f6403228fcc4b775518869c771f83fbae5c11dbf",
            "7fc58500f0542d84d80c72f9271864203b43152380ca989bf6671d750a1ce813",
            "041cadaac0e051d36393904f4afe9b37670f177a3aa2f5d331031d3c0a5dc9e8",
            "beaf6ca162efbeb4da913f2c05257c22b8991c6f79cc95da8e7e7f5fb3327e80",
        ],
    });

    /// <summary>
    /// That of Mistral-7B-Instruct v0.1 and v0.2 and of Mixtral: Llama-2-chat's marks, in one sequence.
    /// </summary>
    /// <remarks>
    /// The system has no mark of its own and stands before the first question. These are the tokens of Mistral's own
    /// library; the Jinja texts of its models differ from it, and from each other, in spaces, so none of them is known
    /// here. Later models have <c>[INST]</c> as a token. Source: docs.mistral.ai, tokenizer V1.
    /// </remarks>
    public static ChatTemplate Mistral { get; } = new TurnTemplate("mistral", new()
    {
        Opening = [TemplateSpan.BeginOfSequence],
        SystemEnd = "\n\n",
        IsSystemInQuestion = true,
        Question = [TemplateSpan.Markup("[INST] ")],
        QuestionEnd = [TemplateSpan.Markup(" [/INST]")],
        AnswerLead = " ",
        AnswerEnd = [TemplateSpan.EndOfAnswer],
        Trimmed = [Role.Assistant],
    });

    /// <summary>Llama-3-Instruct's: a header with the role before every message, a mark after it.</summary>
    /// <remarks>
    /// White space around words is trimmed, as the models' own template does. Source:
    /// meta-llama/Meta-Llama-3-8B-Instruct.
    /// </remarks>
    public static ChatTemplate Llama3 { get; } = new TurnTemplate("llama-3", new()
    {
        Opening = [TemplateSpan.BeginOfSequence],
        SystemStart = Header("system"),
        SystemEnd = EndOfTurn,
        Question = [TemplateSpan.Markup(Header("user"))],
        QuestionEnd = [TemplateSpan.Markup(EndOfTurn)],
        Reply = Header("assistant"),
        AnswerEnd = [TemplateSpan.Markup(EndOfTurn)],
        Trimmed = [Role.System, Role.User, Role.Assistant],
        Marks = [HeaderStart, HeaderEnd, EndOfTurn],
        StopTokens = [EndOfTurn, "<|end_of_text|>"],
        Fingerprints =
        [
            "4f46ecd43418f216df8c26936c60e5d04bcc81db47db5d86fbe889f64212dd4c",
            "ba03a121d097859c7b5b9cd03af99aafe95275210d2876f642ad9929a150f122",
            "b75e17085cfc511ead6d4fab84b86ab3c168ec7a332568a91d0889cdcba94394",
            "b48c47f6443892716176eb200bf4ef108f64e06ca26ed0fa8ebc0a4b3992fcb2",
        ],
    });

    private static string Header(string role) => $"{HeaderStart}{role}{HeaderEnd}\n\n";
}
