namespace Chaku.Model.Templates;

/// <summary>A conversation that makes no sense: a template cannot render it.</summary>
/// <param name="message">What is wrong, with the message's number.</param>
internal sealed class ConversationException(string message) : Exception(message);

/// <summary>Messages in turn: perhaps one of the system, then user and assistant alternating, the user first.</summary>
internal sealed class Conversation
{
    /// <summary>Checks the turns.</summary>
    /// <exception cref="ConversationException">
    /// A message comes out of turn, or the user says nothing at all.
    /// </exception>
    public Conversation(IReadOnlyList<Message> messages)
    {
        Messages = messages;
        int first = messages.Count > 0 && messages[0].Role == Role.System ? 1 : 0;
        if (messages.Count == first)
        {
            throw new ConversationException("expected a message from the user, got none");
        }

        for (int index = first; index < messages.Count; index++)
        {
            Role expected = (index - first) % 2 == 0 ? Role.User : Role.Assistant;
            if (messages[index].Role != expected)
            {
                throw new ConversationException(
                    $"expected message {index + 1} from the {expected}, got one from the {messages[index].Role}");
            }
        }
    }

    /// <summary>All of them.</summary>
    public IReadOnlyList<Message> Messages { get; }

    /// <summary>What the system says, or null.</summary>
    public string? System => Messages[0].Role == Role.System ? Messages[0].Content : null;

    /// <summary>The messages but the system's.</summary>
    public IEnumerable<Message> Turns => Messages.Where(static message => message.Role != Role.System);
}
