namespace Chaku.Model.Templates;

/// <summary>
/// Llama-2-chat's: every turn is a sequence of its own, the user's words between <c>[INST]</c> marks.
/// </summary>
/// <remarks>
/// The marks are plain text, so nothing keeps a user from writing them. White space around words is trimmed, as the
/// models' own templates do. Source: meta-llama/Llama-2-7b-chat-hf.
/// </remarks>
internal sealed class Llama2Template : ChatTemplate
{
    /// <inheritdoc/>
    public override string Name => "llama-2";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Fingerprints { get; } =
    [
        "e8d5b5a546d3f19df16a5320c614fab05bdc4edd50e850f1afd947b503ea41cf",
        "9780fae5bfea3cfd7be37d328c6edfd296a8869be8131495bbe7eb37e780c88c",
        "1623de5159d584da0b6c78f86ae57b2328746122f2c58446ab7f84bce8c7c57f",
        "17b9854f459dd1e767c9a01a117f61fc1ddf30ca7e5fdd450e4ea20933f7933c",
        "ea2472f29dbd93c3eb696795f6403228fcc4b775518869c771f83fbae5c11dbf",
        "7fc58500f0542d84d80c72f9271864203b43152380ca989bf6671d750a1ce813",
        "041cadaac0e051d36393904f4afe9b37670f177a3aa2f5d331031d3c0a5dc9e8",
        "beaf6ca162efbeb4da913f2c05257c22b8991c6f79cc95da8e7e7f5fb3327e80",
    ];

    /// <inheritdoc/>
    protected override void Write(Conversation conversation, bool addGenerationPrompt, List<TemplateSpan> spans)
    {
        string? system = conversation.System;
        foreach (Message message in conversation.Turns)
        {
            if (message.Role == Role.Assistant)
            {
                spans.Add(TemplateSpan.Answer($" {message.Content.Trim()} "));
                spans.Add(TemplateSpan.EndOfAnswer);
                continue;
            }

            spans.Add(TemplateSpan.BeginOfSequence);
            spans.Add(TemplateSpan.Markup("[INST] "));
            if (system is not null)
            {
                spans.Add(TemplateSpan.Markup("<<SYS>>\n"));
                spans.Add(TemplateSpan.Content(system));
                spans.Add(TemplateSpan.Markup("\n<</SYS>>\n\n"));
            }

            // The models' own templates trim what is between the marks: a system's words shield the user's first.
            spans.Add(TemplateSpan.Content(system is null ? message.Text.Trim() : message.Text.TrimEnd()));
            spans.Add(TemplateSpan.Markup(" [/INST]"));
            system = null;
        }
    }
}
