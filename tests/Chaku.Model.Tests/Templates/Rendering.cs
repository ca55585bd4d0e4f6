using Chaku.Model.Templates;

namespace Chaku.Model.Tests.Templates;

/// <summary>Rendered conversations as one text, for comparison.</summary>
internal static class Rendering
{
    /// <summary>What a built-in template writes.</summary>
    public static string Text(string name, bool addGenerationPrompt, params Message[] messages) =>
        Spell(ChatTemplates.Find(name).Render(new Conversation(messages), addGenerationPrompt));

    /// <summary>The text; BOS and EOS read <c>&lt;s&gt;</c> and <c>&lt;/s&gt;</c>.</summary>
    public static string Spell(IEnumerable<TemplateSpan> spans) => string.Concat(spans.Select(span => span.Kind switch
    {
        SpanKind.BeginOfSequence => "<s>",
        SpanKind.EndOfSequence => "</s>",
        _ => span.Text,
    }));
}
