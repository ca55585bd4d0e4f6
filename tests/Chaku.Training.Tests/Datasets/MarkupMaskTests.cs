using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Chaku.Model.Templates;
using Chaku.Model.Tokenizers;
using Chaku.Training.Datasets;

namespace Chaku.Training.Tests.Datasets;

/// <summary>
/// For every built-in template, messages that hold all that the template itself writes: what is learnt stays the answer
/// and its end, token by token. <see cref="TemplateMaskTests"/> has what that is, read over by hand.
/// </summary>
public sealed partial class MarkupMaskTests
{
    public static TheoryData<string> Templates => [.. ChatTemplates.All.Select(template => template.Name)];

    [Theory]
    [MemberData(nameof(Templates))]
    public void A_question_full_of_the_templates_own_separators_changes_nothing_in_what_is_learnt(string name)
    {
        string[] plain = Learnt(name, "q", "a", "r", "b");

        Assert.Equal(plain, Learnt(name, Markup(name), "a", "r", "b"));
        Assert.Equal(plain, Learnt(name, "q", "a", Markup(name), "b"));
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void An_answer_full_of_the_templates_own_separators_is_learnt_whole_with_its_end(string name)
    {
        string markup = Markup(name);
        string[] plain = Learnt(name, "q", "a", "r", "b");

        string[] learnt = Learnt(name, "q", markup, "r", "b");

        Assert.Equal(plain[0].Replace("a", markup, StringComparison.Ordinal), learnt[0]);
        Assert.Equal(plain[1..], learnt[1..]);
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void Of_an_empty_answer_the_end_is_learnt(string name)
    {
        string plain = Learnt(name, "q", "a")[0];

        string empty = Assert.Single(Learnt(name, "q", ""));

        Assert.NotEqual("", empty);
        Assert.EndsWith(empty.TrimStart(' '), plain, StringComparison.Ordinal);
        Assert.Equal(plain.Replace("a", "", StringComparison.Ordinal).Trim(' '), empty.Trim(' '));
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void An_answer_fits_to_the_last_token_and_not_one_further(string name)
    {
        string line = Line("q", "an answer");
        int length = Assert.Single(Encode(name, line).Training.Sequences).Tokens.Length;

        Assert.Single(Encode(name, line, length).Training.Sequences);
        DroppedRecord dropped = Assert.Single(Encode(name, line + "\n" + Line("q", "a"), length - 1).Dropped);
        Assert.Equal($"{length} tokens do not fit into the context of {length - 1}", dropped.Reason);
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void With_inputs_everything_but_the_first_token_is_learnt(string name)
    {
        TrainingSequence sequence = Assert.Single(
            Encode(name, Line("q", "a", "r", "b"), use: new DataUse { LearnsInputs = true }).Training.Sequences);

        Assert.Equal([false, .. Enumerable.Repeat(true, sequence.Tokens.Length - 1)], sequence.Trained);
    }

    // Written by hand: OpenAI's tool calls in ChatML, every token a byte or a mark.
    [Fact]
    public void Calls_of_tools_are_learnt_and_their_results_are_not()
    {
        string line =
            """{"tools": [{"type": "function", "function": {"name": "add"}}], "messages": [""" +
            """{"role": "user", "content": "1+1?"}, """ +
            """{"role": "assistant", "content": null, "tool_calls": [{"id": "x", "type": "function",""" +
            """ "function": {"name": "add", "arguments": "{\"a\": 1}"}}]}, """ +
            """{"role": "tool", "tool_call_id": "x", "content": "2"}, {"role": "assistant", "content": "Two."}]}""";
        string seen = SampleData.Seen("chatml", Assert.Single(Encode("chatml", line).Training.Sequences));

        Assert.Equal(
            """
            <|im_start|>system
            Tools that can be called:
            [{"type": "function", "function": {"name": "add"}}]<|im_end|>
            <|im_start|>user
            1+1?<|im_end|>
            <|im_start|>assistant
            ⟦{"name": "add", "arguments": {"a": 1}}<|im_end|>⟧
            <|im_start|>user
            2<|im_end|>
            <|im_start|>assistant
            ⟦Two.<|im_end|>⟧
            """.ReplaceLineEndings("\n"),
            Unmarked(seen));
    }

    // All that the template writes around two turns, as a message; some templates take blank lines out of messages.
    private static string Markup(string name)
    {
        TrainingSequence sequence = Assert.Single(Encode(name, Line("q", "a", "r", "b")).Training.Sequences);
        string written = Unmarked(SampleData.Seen(name, sequence)).Replace("⟦", "", StringComparison.Ordinal)
            .Replace("⟧", "", StringComparison.Ordinal);
        return $"x{BlankLines().Replace(written, "\n")}x";
    }

    private static string Unmarked(string seen) => MarkSpaces().Replace(seen, "$1$2");

    private static string[] Learnt(string name, params string[] messages) =>
    [
        .. Spans().Matches(SampleData.Seen(name, Assert.Single(Encode(name, Line(messages)).Training.Sequences)))
            .Select(span => span.Groups[1].Value),
    ];

    private static string Line(params string[] messages) => JsonSerializer.Serialize(new
    {
        messages = messages.Select((content, index) => new
        {
            role = index % 2 == 0 ? "user" : "assistant",
            content,
        }),
    });

    private static TrainingData Encode(string template, string lines, int contextLength = 10_000, DataUse? use = null)
    {
        Tokenizer tokenizer = SampleData.TokenizerFor(ChatTemplates.Find(template));
        return SampleData.OnDisk("a.jsonl", Encoding.UTF8.GetBytes(lines), path => DatasetEncoder.Encode(
            Dataset.Read(path, "openai"),
            tokenizer,
            new PromptEncoder(tokenizer, ChatTemplates.Find(template)),
            contextLength,
            use,
            cancellation: TestContext.Current.CancellationToken));
    }

    [GeneratedRegex("⟦([^⟧]*)⟧")]
    private static partial Regex Spans();

    [GeneratedRegex("\n\n+")]
    private static partial Regex BlankLines();

    // SentencePiece puts a space behind a mark.
    [GeneratedRegex("(?:«<s>»)?«([^»]*)»(⟧?) ?")]
    private static partial Regex MarkSpaces();
}
