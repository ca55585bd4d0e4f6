using Chaku.Model.Templates;

namespace Chaku.Training.Datasets;

/// <summary>One record of a data set.</summary>
/// <param name="Place">Where it is in its file, for messages.</param>
internal abstract record DatasetRecord(string Place);

/// <summary>A record whose answers are learnt.</summary>
internal sealed record ConversationRecord(string Place, Conversation Conversation) : DatasetRecord(Place)
{
    /// <summary>
    /// For each answer whether it is learnt; null where all are. The others are only read, as part of the prompt.
    /// </summary>
    public IReadOnlyList<bool>? LearntAnswers { get; init; }

    /// <summary>What was changed to make turns of it; each an entry of <see cref="RecordChange"/>.</summary>
    public IReadOnlyList<string> Changes { get; init; } = [];
}

/// <summary>Plain text, all of which is learnt.</summary>
internal sealed record TextRecord(string Place, string Text) : DatasetRecord(Place);

/// <summary>A record of the right form that nothing can be learnt from.</summary>
/// <param name="Place">Where it is in its file.</param>
/// <param name="Reason">Why.</param>
internal sealed record UnusableRecord(string Place, string Reason) : DatasetRecord(Place);

/// <summary>What is done to a conversation whose messages do not come in turn.</summary>
internal static class RecordChange
{
    /// <summary>Several messages of one speaker became one, with a blank line between.</summary>
    public const string Joined = "messages of one speaker in a row are joined";

    /// <summary>An answer before the first question is not there any more.</summary>
    public const string Headless = "what the assistant says before the first question is left out";

    /// <summary>A question that nobody answers is not there any more.</summary>
    public const string Unanswered = "a last question without an answer is left out";

    /// <summary>The tools that may be called became words of the system.</summary>
    public const string Tools = "the tools on offer are written into the system's message, as JSON";

    /// <summary>A call became an answer, its result a question.</summary>
    public const string Calls = "calls of tools are written as answers in JSON, their results as questions";
}
