using Chaku.Model.Templates;
using Chaku.Training.Datasets;

namespace Chaku.Training.Tests.Datasets;

public sealed class OpenAssistantFormatTests
{
    // q ─┬─ worse (rank 1) ── q2 ── a2
    //    ├─ best (rank 0) ─┬─ gone (deleted)
    //    │                 └─ q3
    //    ├─ unranked
    //    └─ refused (review)
    private static readonly string Tree =
        Node("prompter", "q", "", Node("assistant", "worse", "\"rank\": 1, ", Node(
            "prompter", "q2", "", Node("assistant", "a2", "\"rank\": null, "))),
            Node("assistant", "best", "\"rank\": 0, ",
                Node("prompter", "gone", "\"deleted\": true, "), Node("prompter", "q3", "")),
            Node("assistant", "unranked", ""),
            Node("assistant", "refused", "\"review_result\": false, "));

    [Fact]
    public void The_best_path_follows_the_ranks_and_ends_with_an_answer()
    {
        ConversationRecord record = Assert.IsType<ConversationRecord>(Assert.Single(Read(Tree)));

        Assert.Equal("line 1", record.Place);
        Assert.Equal([new(Role.User, "q"), new(Role.Assistant, "best")], record.Conversation.Messages);
        Assert.Equal([RecordChange.Unanswered], record.Changes);
    }

    [Fact]
    public void Every_path_goes_to_each_leaf()
    {
        IReadOnlyList<DatasetRecord> records = Read(Tree, "oasst-all");

        Assert.Equal(
            ["line 1, path 1", "line 1, path 2", "line 1, path 3"], records.Select(record => record.Place));
        Assert.Equal(
            ["q best", "q worse q2 a2", "q unranked"],
            records.Cast<ConversationRecord>().Select(record =>
                string.Join(' ', record.Conversation.Messages.Select(message => message.Content))));
    }

    [Fact]
    public void A_tree_without_an_answer_or_a_prompt_that_stands_is_named()
    {
        Assert.Equal([new UnusableRecord("line 1", "no answer")], Read(Node("prompter", "q", "")));
        Assert.Equal(
            [new UnusableRecord("line 1", "the prompt was deleted or refused")],
            Read(Node("prompter", "q", "\"deleted\": true, ", Node("assistant", "a", ""))));
    }

    [Theory]
    [InlineData("""{"role": "prompter", "replies": []}""", "line 1: expected text, found none")]
    [InlineData("""{"role": "x", "text": "a", "replies": []}""", "line 1: expected prompter or assistant as role")]
    [InlineData("""{"role": "prompter", "text": "a", "replies": 1}""", "line 1: expected a list as replies")]
    [InlineData(
        """{"role": "prompter", "text": "a", "replies": [{"role": "assistant", "text": "b", "rank": "0"}]}""",
        "line 1, reply 1: expected a number as rank, found String")]
    public void A_wrong_message_is_named(string prompt, string reason) => Assert.Contains(
        reason, SampleData.Refusal("a.jsonl", $$"""{"prompt": {{prompt}}}"""), StringComparison.Ordinal);

    [Fact]
    public void A_tree_that_is_too_deep_is_refused()
    {
        const string Open = "{\"role\": \"assistant\", \"text\": \"a\", \"replies\": [";
        string deep = string.Concat(Enumerable.Repeat(Open, 5000)) + string.Concat(Enumerable.Repeat("]}", 5000));
        Assert.Contains(
            "line 1: malformed JSON",
            SampleData.Refusal("a.jsonl", $"{{\"prompt\": {deep}}}"),
            StringComparison.Ordinal);
    }

    private static IReadOnlyList<DatasetRecord> Read(string prompt, string? format = null) =>
        SampleData.Read("a.jsonl", $$"""{"message_tree_id": "x", "tree_state": "y", "prompt": {{prompt}}}""", format);

    private static string Node(string role, string text, string more, params string[] replies) =>
        $$"""{"role": "{{role}}", "text": "{{text}}", {{more}}"replies": [{{string.Join(", ", replies)}}]}""";
}
