namespace Chaku.Model.Templates;

/// <summary>Who speaks.</summary>
internal enum Role
{
    /// <summary>Says how the assistant is to behave.</summary>
    System,

    /// <summary>Asks.</summary>
    User,

    /// <summary>Answers.</summary>
    Assistant,
}

/// <summary>What one of them says.</summary>
/// <param name="Role">Who.</param>
/// <param name="Content">What.</param>
/// <param name="Input">What a user's instruction is about, where it is given apart; else empty.</param>
internal sealed record Message(Role Role, string Content, string Input = "")
{
    /// <summary>The instruction and what it is about, for templates that keep no place for the latter.</summary>
    public string Text => Input.Length == 0 ? Content : $"{Content}\n\n{Input}";
}
