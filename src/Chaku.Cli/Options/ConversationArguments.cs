using System.CommandLine;
using Chaku.Model.Templates;

namespace Chaku.Cli.Options;

/// <summary>A conversation on the command line; a short one where it has none.</summary>
internal sealed class ConversationArguments
{
    private static readonly Conversation Sample = new(
    [
        new(Role.System, "You are a helpful assistant."),
        new(Role.User, "Hi!"),
        new(Role.Assistant, "Hello. How can I help?"),
        new(Role.User, "What is a vicuña?"),
    ]);

    private readonly Option<string?> _system = new("--system")
    {
        Description = "What the system says in the conversation for --template.",
        HelpName = "TEXT",
    };

    private readonly Option<string[]> _messages = new("--message")
    {
        Description =
            "What is said in the conversation for --template: by the user, then the assistant, in turn; " +
            "can be given again.",
        HelpName = "TEXT",
        DefaultValueFactory = _ => [],
    };

    /// <summary>Adds the options to a command.</summary>
    public ConversationArguments(Command command)
    {
        command.Add(_system);
        command.Add(_messages);
    }

    /// <summary>Whether the command line has one.</summary>
    public bool AreGiven(ParseResult arguments) =>
        arguments.GetValue(_system) is not null || arguments.GetRequiredValue(_messages).Length > 0;

    /// <summary>The conversation; what is not given is the sample's.</summary>
    public Conversation Read(ParseResult arguments)
    {
        string[] messages = arguments.GetRequiredValue(_messages);
        string? system = arguments.GetValue(_system);
        if (messages.Length == 0)
        {
            return system is null ? Sample : new([new(Role.System, system), .. Sample.Turns]);
        }

        IEnumerable<Message> turns = messages.Select(
            (text, index) => new Message(index % 2 == 0 ? Role.User : Role.Assistant, text));
        return system is null ? new([.. turns]) : new([new(Role.System, system), .. turns]);
    }
}
