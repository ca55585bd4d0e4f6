using Chaku.Model.Templates;
using Chaku.Training.Datasets;

namespace Chaku.Training.Tests.Datasets;

/// <summary>ShareGPT's and OpenAI's lists of messages.</summary>
public sealed class TurnsFormatTests
{
    [Fact]
    public void Both_spellings_give_the_same_conversation()
    {
        Message[] expected =
        [
            new(Role.System, "Be kind."), new(Role.User, "Hi"), new(Role.Assistant, "Hello!"),
            new(Role.User, "Bye"), new(Role.Assistant, ""),
        ];
        Assert.Equal(expected, SampleData.Messages(SampleData.Read("a.json", """
            [{"id": 1, "conversations": [
              {"from": "system", "value": "Be kind."}, {"from": "human", "value": "Hi"},
              {"from": "gpt", "value": "Hello!"}, {"from": "human", "value": "Bye"}, {"from": "gpt", "value": ""}]}]
            """)));
        Assert.Equal(expected, SampleData.Messages(SampleData.Read("a.jsonl", Line(
            """
            {"role": "developer", "content": "Be kind."}, {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo!"}]},
            {"role": "user", "content": "Bye"}, {"role": "assistant", "content": ""}
            """))));
    }

    // S, U and A speak in this order; each says its number.
    [Theory]
    [InlineData("UA", "U1 A2", "")]
    [InlineData("SUAUA", "S1 U2 A3 U4 A5", "")]
    [InlineData("UUA", "U1+2 A3", RecordChange.Joined)]
    [InlineData("UAAUA", "U1 A2+3 U4 A5", RecordChange.Joined)]
    [InlineData("SSUA", "S1+2 U3 A4", RecordChange.Joined)]
    [InlineData("AUA", "U2 A3", RecordChange.Headless)]
    [InlineData("SAAUA", "S1 U4 A5", RecordChange.Headless)]
    [InlineData("ASUA", "S2 U3 A4", RecordChange.Headless)]
    [InlineData("UAU", "U1 A2", RecordChange.Unanswered)]
    [InlineData("AUUAUU", "U2+3 A4", RecordChange.Headless + "|" + RecordChange.Joined + "|" + RecordChange.Unanswered)]
    public void Messages_out_of_turn_are_mended_and_it_is_said(string speakers, string expected, string changes)
    {
        ConversationRecord record = Assert.IsType<ConversationRecord>(Read(speakers));

        string found = string.Join(' ', record.Conversation.Messages.Select(message =>
            $"{message.Role.ToString()[0]}{message.Content.Replace("\n\n", "+", StringComparison.Ordinal)}"));
        Assert.Equal(expected, found);
        Assert.Equal(changes, string.Join('|', record.Changes));
    }

    [Theory]
    [InlineData("U", "no answer")]
    [InlineData("S", "no question")]
    [InlineData("A", "no question")]
    [InlineData("SAA", "no question")]
    [InlineData("AU", "no answer")]
    [InlineData("UASUA", "a message of the system after the first question")]
    [InlineData("UAX", "a message from 'narrator', who is not known")]
    public void What_makes_no_conversation_is_named(string speakers, string reason) =>
        Assert.Equal(new UnusableRecord("line 1", reason), Read(speakers));

    [Fact]
    public void An_empty_list_is_no_conversation() =>
        Assert.Equal(new UnusableRecord("line 1", "no question"), Assert.Single(SampleData.Read("a.jsonl", Line(""))));

    [Fact]
    public void A_picture_is_no_text() => Assert.Equal(
        new UnusableRecord("line 1", "a part of a message is of type image_url, not text"),
        Assert.Single(SampleData.Read("a.jsonl", Line(
            """{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}"""))));

    [Fact]
    public void Tools_and_calls_become_text_and_it_is_said()
    {
        ConversationRecord record = Assert.IsType<ConversationRecord>(Assert.Single(SampleData.Read("a.jsonl",
            """{"tools": [{"name": "add"}], "messages": [""" +
            """{"role": "system", "content": "Be kind."}, {"role": "user", "content": "1+1?"}, """ +
            """{"role": "assistant", "content": null, "tool_calls": [{"id": "x", "type": "function", """ +
            """ "function": {"name": "add", "arguments": "{\"a\": 1, \"b\": 1}"}}]}, """ +
            """{"role": "tool", "tool_call_id": "x", "content": "2"}, """ +
            """{"role": "assistant", "content": "It is 2."}]}""")));

        Assert.Equal(
            [
                new(Role.System, "Tools that can be called:\n[{\"name\": \"add\"}]\n\nBe kind."),
                new(Role.User, "1+1?"),
                new(Role.Assistant, "{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": 1}}"),
                new(Role.User, "2"),
                new(Role.Assistant, "It is 2."),
            ],
            record.Conversation.Messages);
        Assert.Equal([RecordChange.Tools, RecordChange.Calls], record.Changes);
    }

    [Fact]
    public void ShareGpts_calls_are_answers_too()
    {
        ConversationRecord record = Assert.IsType<ConversationRecord>(Assert.Single(SampleData.Read("a.jsonl",
            """{"tools": "[]", "conversations": [{"from": "human", "value": "1+1?"}, """ +
            """{"from": "function_call", "value": "{\"name\": \"add\"}"}, {"from": "observation", "value": "2"}, """ +
            """{"from": "gpt", "value": "2!"}]}""")));

        Assert.Equal(
            [
                new(Role.User, "1+1?"), new(Role.Assistant, "{\"name\": \"add\"}"),
                new(Role.User, "2"), new(Role.Assistant, "2!"),
            ],
            record.Conversation.Messages);
        Assert.Equal([RecordChange.Calls], record.Changes);
    }

    [Fact]
    public void An_answer_of_weight_0_is_read_and_not_learnt()
    {
        TrainingSequence sequence = Assert.Single(SampleData.Encode("a.jsonl", Line(
            """
            {"role": "user", "content": "a"}, {"role": "assistant", "content": "bad", "weight": 0},
            {"role": "user", "content": "b"}, {"role": "assistant", "content": "good", "weight": 1}
            """)).Training.Sequences);

        Assert.Equal([.. SampleData.Ids("good"), SampleData.Eos], SampleData.Learnt(sequence));
    }

    [Fact]
    public void A_record_whose_answers_all_have_weight_0_is_dropped_and_named()
    {
        string good = Line("""{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}""");
        string masked = good.Replace("\"b\"", "\"b\", \"train\": false", StringComparison.Ordinal);

        TrainingData data = SampleData.Encode("a.jsonl", $"{masked}\n{good}");

        Assert.Equal([new DroppedRecord("line 1", "no token to learn")], data.Dropped);
        Assert.Single(data.Training.Sequences);
    }

    [Theory]
    [InlineData("7", "line 1, message 1: expected an object, found Number")]
    [InlineData("""{"role": "user"}""", "line 1, message 1: expected value or content, found none")]
    [InlineData("""{"content": "x"}""", "line 1, message 1: expected from or role, found none")]
    [InlineData("""{"role": 1, "content": "x"}""", "line 1, message 1: expected a text as role, found Number")]
    [InlineData("""{"role": "user", "content": 1}""", "line 1, message 1: expected a text as content, found Number")]
    [InlineData(
        """{"role": "user", "content": "\ud83d"}""",
        "line 1, message 1: expected a text as content, found half a surrogate pair, or no UTF-8")]
    [InlineData(
        """{"role": "assistant", "content": "x", "weight": 2}""",
        "line 1, message 1: expected 0 or 1 as weight, found 2")]
    [InlineData(
        """{"role": "assistant", "tool_calls": [{"function": {}}]}""",
        "line 1, message 1, call 1: expected name, found none")]
    public void A_wrong_message_is_named(string message, string reason) =>
        Assert.EndsWith(reason, SampleData.Refusal("a.jsonl", Line(message)), StringComparison.Ordinal);

    [Fact]
    public void A_list_in_a_tables_cell_is_read_and_anything_else_refused()
    {
        string list = """[{""from"": ""human"", ""value"": ""a""}, {""from"": ""gpt"", ""value"": ""b""}]""";
        Assert.Equal(
            [new(Role.User, "a"), new(Role.Assistant, "b")],
            SampleData.Messages(SampleData.Read("a.csv", $"id,conversations\n1,\"{list}\"\n")));
        Assert.EndsWith(
            "row 1 (line 2): expected a list as conversations, found a text that is no JSON",
            SampleData.Refusal("a.csv", "id,conversations\n1,hello\n"),
            StringComparison.Ordinal);
    }

    private static DatasetRecord Read(string speakers) => Assert.Single(SampleData.Read("a.jsonl", Line(string.Join(
        ", ",
        speakers.Select((speaker, index) => $$"""{"role": "{{RoleOf(speaker)}}", "content": "{{index + 1}}"}""")))));

    private static string RoleOf(char speaker) => speaker switch
    {
        'S' => "system",
        'U' => "user",
        'A' => "assistant",
        _ => "narrator",
    };

    private static string Line(string messages) =>
        $$"""{"messages": [{{messages.ReplaceLineEndings(" ")}}]}""";
}
