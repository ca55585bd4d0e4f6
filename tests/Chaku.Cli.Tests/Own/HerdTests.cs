using System.Text.Json.Nodes;
using Chaku.Herd;

namespace Chaku.Cli.Tests.Own;

/// <summary>
/// The generator of this project's own data: what it says is true, and what is held out is never shown.
/// </summary>
public sealed class HerdTests
{
    private const int Count = 3000;

    public static TheoryData<string> Sets => [.. HerdSets.All.Select(entry => entry.Name)];

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_seed_gives_the_same_lines_and_a_longer_file_begins_with_the_shorter(string name)
    {
        HerdSet set = HerdSets.All.Single(entry => entry.Name == name);

        Assert.Equal(set.Lines(50, 7, 3), set.Lines(100, 7, 3).Take(50));
        Assert.NotEqual(set.Lines(50, 7, 3), set.Lines(50, 8, 3));
    }

    [Fact]
    public void No_passage_of_a_test_is_in_a_training_set()
    {
        HashSet<string> shown = [.. Passages("train"), .. Passages("skill")];

        Assert.DoesNotContain(Passages("test").Concat(Passages("skill-test")), shown.Contains);
    }

    /// <summary>Read back from the words of the passage, not from the animals that it was written from.</summary>
    [Theory]
    [InlineData("test")]
    [InlineData("train")]
    public void Every_answer_is_what_the_passage_says(string name)
    {
        foreach ((string passage, string question, string answer) in Questions(name))
        {
            string[] sentences = passage.Split(". ");
            string animal = Words.Names.Select(entry => entry.Name)
                .FirstOrDefault(entry => Mentions(question, entry)) ?? answer;
            int others = Words.Names.Count(entry => Mentions(passage, entry.Name));
            string about = string.Join(' ', sentences.Where((_, number) => IsAbout(sentences, number, animal)));
            bool isRight = question switch
            {
                _ when question.StartsWith("How many", StringComparison.Ordinal) => answer == Words.Numbers[others],
                _ when question.StartsWith("Is ", StringComparison.Ordinal) =>
                    (answer == "yes") == Mentions(about, question.Split(' ')[^1].TrimEnd('?')),
                _ when question.StartsWith("Who ", StringComparison.Ordinal) =>
                    Mentions(about, question.Split(' ')[^1].TrimEnd('?')),
                _ => answer.Split(' ').Where(word => word is not ("a" or "an")).All(word => Mentions(about, word)),
            };
            Assert.True(isRight, $"{passage}\n{question}\n{answer}\n({about})");
        }
    }

    [Fact]
    public void The_skill_s_answers_are_json_that_says_what_the_passage_says()
    {
        foreach ((string passage, string question, string answer) in Questions("skill-test"))
        {
            JsonObject record = JsonNode.Parse(answer)!.AsObject();
            Assert.Equal(["name", "kind", "colour", "age", "place"], record.Select(field => field.Key));
            string animal = record["name"]!.GetValue<string>();
            string[] sentences = passage.Split(". ");
            string about = string.Join(' ', sentences.Where((_, number) => IsAbout(sentences, number, animal)));
            Assert.True(Mentions(question, animal));
            Assert.All(
                new[] { "kind", "colour", "place" }.Select(key => record[key]!.GetValue<string>())
                    .Append(Words.Numbers[record["age"]!.GetValue<int>()]),
                word => Assert.True(Mentions(about, word), $"{word} is not said of {animal}: {passage}"));
        }
    }

    // A sentence is about the animal that it names; one that names none is about the one before it.
    private static bool IsAbout(string[] sentences, int number, string animal) =>
        Words.Names.Any(entry => Mentions(sentences[number], entry.Name))
            ? Mentions(sentences[number], animal)
            : IsAbout(sentences, number - 1, animal);

    private static bool Mentions(string text, string word) =>
        text.Split([' ', '.', ',', '?', '\n'], StringSplitOptions.RemoveEmptyEntries).Contains(word);

    private static IEnumerable<(string Passage, string Question, string Answer)> Questions(string name)
    {
        foreach (JsonArray messages in Conversations(name))
        {
            (string passage, string question) = Split(Content(messages[0]!));
            bool isTold = passage.Length > 0;
            if (!isTold)
            {
                passage = Content(messages[1]!);
            }

            for (int turn = isTold ? 0 : 2; turn < messages.Count; turn += 2)
            {
                question = turn == 0 ? question : Content(messages[turn]!);
                yield return (passage, question, Content(messages[turn + 1]!));
            }
        }
    }

    // A question is the last sentence.
    private static (string Passage, string Question) Split(string text)
    {
        int end = text.LastIndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? ("", text) : (text[..(end + 1)], text[(end + 2)..]);
    }

    private static IEnumerable<string> Passages(string name) => Conversations(name)
        .SelectMany(messages => messages.Select(message => Content(message!)))
        .Select(text => text.StartsWith("Hello", StringComparison.Ordinal) ? "" : Split(text).Passage)
        .Where(passage => passage.Length > 0);

    private static IEnumerable<JsonArray> Conversations(string name) =>
        HerdSets.All.Single(entry => entry.Name == name).Lines(Count, 5, 3)
            .Select(line => JsonNode.Parse(line)!["messages"]!.AsArray());

    private static string Content(JsonNode message) => message["content"]!.GetValue<string>();
}
