namespace Chaku.Model.Templates;

/// <summary>Llama-3-Instruct's: a header with the role before every message, a mark after it.</summary>
/// <remarks>
/// White space around words is trimmed, as the models' own template does. Source: meta-llama/Meta-Llama-3-8B-Instruct.
/// </remarks>
internal sealed class Llama3Template : ChatTemplate
{
    private const string EndOfTurn = "<|eot_id|>";
    private const string HeaderStart = "<|start_header_id|>";
    private const string HeaderEnd = "<|end_header_id|>";

    /// <inheritdoc/>
    public override string Name => "llama-3";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Marks { get; } = [HeaderStart, HeaderEnd, EndOfTurn];

    /// <inheritdoc/>
    public override IReadOnlyList<string> StopTokens { get; } = [EndOfTurn, "<|end_of_text|>"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Fingerprints { get; } =
    [
        "4f46ecd43418f216df8c26936c60e5d04bcc81db47db5d86fbe889f64212dd4c",
        "ba03a121d097859c7b5b9cd03af99aafe95275210d2876f642ad9929a150f122",
        "b75e17085cfc511ead6d4fab84b86ab3c168ec7a332568a91d0889cdcba94394",
        "b48c47f6443892716176eb200bf4ef108f64e06ca26ed0fa8ebc0a4b3992fcb2",
    ];

    /// <inheritdoc/>
    protected override void Write(Conversation conversation, bool addGenerationPrompt, List<TemplateSpan> spans)
    {
        spans.Add(TemplateSpan.BeginOfSequence);
        foreach (Message message in conversation.Messages)
        {
            bool isAnswer = message.Role == Role.Assistant;
            spans.Add(Header(message.Role));
            spans.Add(new(SpanKind.Content, message.Text.Trim(), isAnswer));
            spans.Add(new(SpanKind.Markup, EndOfTurn, isAnswer));
        }

        if (addGenerationPrompt)
        {
            spans.Add(Header(Role.Assistant));
        }
    }

    private static TemplateSpan Header(Role role)
    {
        string name = role switch
        {
            Role.System => "system",
            Role.User => "user",
            _ => "assistant",
        };
        return TemplateSpan.Markup($"{HeaderStart}{name}{HeaderEnd}\n\n");
    }
}
