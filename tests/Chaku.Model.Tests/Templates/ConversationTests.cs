using Chaku.Model.Templates;

namespace Chaku.Model.Tests.Templates;

public sealed class ConversationTests
{
    private static readonly Message System = new(Role.System, "s");
    private static readonly Message User = new(Role.User, "u");
    private static readonly Message Assistant = new(Role.Assistant, "a");

    [Fact]
    public void User_and_assistant_alternate_after_the_system()
    {
        Conversation conversation = new([System, User, Assistant, User]);

        Assert.Equal("s", conversation.System);
        Assert.Equal([User, Assistant, User], conversation.Turns);
        Assert.Null(new Conversation([User]).System);
    }

    [Fact]
    public void Messages_out_of_turn_are_refused_by_number()
    {
        AssertRefused("expected a message from the user, got none");
        AssertRefused("expected a message from the user, got none", System);
        AssertRefused("expected message 1 from the User, got one from the Assistant", Assistant);
        AssertRefused("expected message 2 from the Assistant, got one from the User", User, User);
        AssertRefused("expected message 3 from the Assistant, got one from the System", System, User, System);
    }

    private static void AssertRefused(string why, params Message[] messages) =>
        Assert.Equal(why, Assert.Throws<ConversationException>(() => new Conversation(messages)).Message);
}
