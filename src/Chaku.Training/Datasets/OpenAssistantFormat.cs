using System.Globalization;
using System.Text.Json;
using Chaku.Model.Templates;
using Chaku.Training.Datasets.Containers;

namespace Chaku.Training.Datasets;

/// <summary>
/// OpenAssistant's trees: a <c>prompt</c> with <c>replies</c>, which have replies in turn. The best path follows the
/// reply that people ranked first, as the set that Guanaco was trained on does; every path goes to each leaf.
/// </summary>
/// <remarks>
/// Source: the data release OpenAssistant/oasst1. Rank 0 is the best; unranked replies come after ranked ones, in the
/// file's order. Deleted messages, and those that a review refused, are left out with all that answers them.
/// </remarks>
/// <param name="name">Its name in the table.</param>
/// <param name="isEveryPath">Whether each leaf makes a conversation, or the best path alone.</param>
internal sealed class OpenAssistantFormat(string name, bool isEveryPath) : DatasetFormat
{
    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override string Fields => isEveryPath ? "the same, every path" : "prompt with replies, the best path";

    /// <inheritdoc/>
    public override bool Recognises(FieldRecord first) => !isEveryPath && first.Has("prompt", JsonValueKind.Object)
        && first.OptionalObject("prompt")!.Has("replies");

    /// <inheritdoc/>
    public override IEnumerable<DatasetRecord> Read(FieldRecord record)
    {
        FieldRecord prompt = record.OptionalObject("prompt") ?? throw record.Wrong("prompt", "none");
        if (IsRefused(prompt))
        {
            return [new UnusableRecord(record.Place, "the prompt was deleted or refused")];
        }

        List<DatasetRecord> paths = [];
        Follow(record.Place, prompt, [], paths);
        return paths;
    }

    // The reader's limit on depth is this recursion's, too.
    private void Follow(
        string place, FieldRecord message, List<(Role Role, string Text)> path, List<DatasetRecord> paths)
    {
        path.Add((Speaker(message), message.Text("text")));
        FieldRecord[] replies =
        [
            .. message.Objects("replies", "reply").Where(reply => !IsRefused(reply))
                .Select(reply => (Reply: reply, Rank: reply.OptionalNumber("rank") ?? double.PositiveInfinity))
                .OrderBy(ranked => ranked.Rank).Select(ranked => ranked.Reply),
        ];
        foreach (FieldRecord reply in isEveryPath ? replies : replies.Take(1))
        {
            Follow(place, reply, path, paths);
        }

        if (replies.Length == 0)
        {
            string number = (paths.Count + 1).ToString(CultureInfo.InvariantCulture);
            TurnList turns = new(isEveryPath ? $"{place}, path {number}" : place);
            foreach ((Role role, string text) in path)
            {
                turns.Add(role, text);
            }

            paths.Add(turns.ToRecord());
        }

        path.RemoveAt(path.Count - 1);
    }

    private static bool IsRefused(FieldRecord message) =>
        message.OptionalFlag("deleted") == true || message.OptionalFlag("review_result") == false;

    private static Role Speaker(FieldRecord message) => message.Text("role") switch
    {
        "prompter" => Role.User,
        "assistant" => Role.Assistant,
        _ => throw message.Wrong("prompter or assistant as role", "another"),
    };
}
