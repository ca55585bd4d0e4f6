using Chaku.Model.Templates;

namespace Chaku.Training.Datasets;

/// <summary>One record of a data set.</summary>
/// <param name="Place">Where it is in its file, for messages.</param>
internal abstract record DatasetRecord(string Place);

/// <summary>A record whose answers are learnt.</summary>
internal sealed record ConversationRecord(string Place, Conversation Conversation) : DatasetRecord(Place);

/// <summary>Plain text, all of which is learnt.</summary>
internal sealed record TextRecord(string Place, string Text) : DatasetRecord(Place);
