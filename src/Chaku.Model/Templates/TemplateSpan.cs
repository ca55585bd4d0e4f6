namespace Chaku.Model.Templates;

/// <summary>What a stretch of rendered text is.</summary>
internal enum SpanKind
{
    /// <summary>Somebody's words: what looks like a special token in it is none.</summary>
    Content,

    /// <summary>The template's own words, special tokens included.</summary>
    Markup,

    /// <summary>The vocabulary's BOS token; no text.</summary>
    BeginOfSequence,

    /// <summary>The vocabulary's EOS token; no text.</summary>
    EndOfSequence,
}

/// <summary>A stretch of a rendered conversation.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">The text.</param>
/// <param name="IsAnswer">Whether the model says it: an answer or its end, which is what training trains.</param>
internal readonly record struct TemplateSpan(SpanKind Kind, string Text, bool IsAnswer = false)
{
    /// <summary>The vocabulary's BOS token.</summary>
    public static readonly TemplateSpan BeginOfSequence = new(SpanKind.BeginOfSequence, "");

    /// <summary>The vocabulary's EOS token.</summary>
    public static readonly TemplateSpan EndOfSequence = new(SpanKind.EndOfSequence, "");

    /// <summary>The same as the end of an answer.</summary>
    public static readonly TemplateSpan EndOfAnswer = new(SpanKind.EndOfSequence, "", IsAnswer: true);

    /// <summary>The template's words.</summary>
    public static TemplateSpan Markup(string text) => new(SpanKind.Markup, text);

    /// <summary>The words of the system or the user.</summary>
    public static TemplateSpan Content(string text) => new(SpanKind.Content, text);

    /// <summary>The assistant's words.</summary>
    public static TemplateSpan Answer(string text) => new(SpanKind.Content, text, IsAnswer: true);
}
