namespace Chaku.Model.Templates;

/// <summary>No chat template, or one that does not fit: another has to be named.</summary>
/// <param name="message">What is missing, and what there is.</param>
internal sealed class ChatTemplateException(string message) : Exception(message);

/// <summary>How a conversation is written for a model; the same for training and for serving.</summary>
internal abstract class ChatTemplate
{
    /// <summary>Its name in the table.</summary>
    public abstract string Name { get; }

    /// <summary>The texts that make it what it is; another template has others.</summary>
    public abstract IReadOnlyList<string> Definition { get; }

    /// <summary>Special tokens that its markup is made of: a vocabulary without them does not fit.</summary>
    public virtual IReadOnlyList<string> Marks => [];

    /// <summary>Special tokens that end an answer, besides those that the vocabulary names.</summary>
    public virtual IReadOnlyList<string> StopTokens => [];

    /// <summary>Text that ends an answer and is no part of it.</summary>
    public virtual IReadOnlyList<string> StopStrings => [];

    /// <summary>
    /// SHA-256 of the Jinja texts that render what this does, white space around them left out: those of the models'
    /// own <c>tokenizer_config.json</c> through their revisions, with line breaks written as escapes and as such.
    /// </summary>
    public virtual IReadOnlyList<string> Fingerprints => [];

    /// <summary>
    /// Whether what ends an answer is left to be found: the first control token of the markup behind it.
    /// </summary>
    public virtual bool FindsEnds => false;

    /// <summary>The marks that it writes by their kind: a vocabulary without such a token does not fit.</summary>
    public virtual IReadOnlyList<SpanKind> SequenceMarks =>
    [
        .. Render(new([new(Role.User, ""), new(Role.Assistant, "")]), addGenerationPrompt: false)
            .Select(static span => span.Kind),
    ];

    /// <summary>Writes a conversation.</summary>
    /// <param name="conversation">The messages.</param>
    /// <param name="addGenerationPrompt">Whether the text goes on to where the assistant's next answer begins.</param>
    /// <exception cref="ConversationException">An answer is asked for where it is not the assistant's turn.</exception>
    /// <exception cref="ChatTemplateException">The template refuses the conversation.</exception>
    public IReadOnlyList<TemplateSpan> Render(Conversation conversation, bool addGenerationPrompt)
    {
        if (addGenerationPrompt && conversation.Messages[^1].Role == Role.Assistant)
        {
            throw new ConversationException(
                $"expected message {conversation.Messages.Count}, the last, from the user, got one from the assistant");
        }

        List<TemplateSpan> spans = [];
        Write(conversation, addGenerationPrompt, spans);
        return spans;
    }

    /// <summary>Appends the spans of a conversation whose turns have been checked.</summary>
    protected abstract void Write(Conversation conversation, bool addGenerationPrompt, List<TemplateSpan> spans);
}
