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
            string animal = NamesIn(question).FirstOrDefault() ?? answer;
            string asked = question.Split(' ')[^1].TrimEnd('?');
            bool isRight = question.Split(' ')[0] switch
            {
                "How" when question.StartsWith("How many", StringComparison.Ordinal) =>
                    answer == Words.Numbers[NamesIn(passage).Count()],
                "Is" => (answer == "yes") == Mentions(Of(passage, animal), asked),
                "Who" => Mentions(Of(passage, animal), asked),
                "List" => Pairs(answer).All(pair => Mentions(Of(passage, pair.Name), pair.Fact)),
                "Tell" or "Describe" => FactsIn(answer).SetEquals(FactsIn(Of(passage, animal))),
                _ => FactsIn(answer).Count == 1 && FactsIn(answer).All(word => Mentions(Of(passage, animal), word)),
            };
            Assert.True(isRight, $"{passage}\n{question}\n{answer}\n({Of(passage, animal)})");
        }
    }

    [Fact]
    public void What_is_to_be_repeated_is_repeated()
    {
        int count = 0;
        foreach (JsonArray messages in Conversations("train"))
        {
            string[] parts = Content(messages[0]!).Split(": ", 2);
            string answer = Content(messages[1]!);
            IEnumerable<string>? heard = parts[0] switch
            {
                "Say" => [answer],
                "Quote" => JsonNode.Parse($"[{answer}]")!.AsArray().Select(word => word!.GetValue<string>()),
                "Figures" => answer.Split(", ").Select(figure => Words.Numbers[int.Parse(figure)]),
                _ => null,
            };
            if (heard is not null)
            {
                count++;
                Assert.Equal(parts[1].TrimEnd('.'), string.Join(' ', heard).TrimEnd('.'));
            }
        }

        Assert.InRange(count, Count / 10, Count / 3);
    }

    [Fact]
    public void The_skill_s_answers_are_json_that_says_what_the_passage_says()
    {
        foreach ((string passage, string question, string answer) in Questions("skill-test"))
        {
            JsonObject record = JsonNode.Parse(answer)!.AsObject();
            Assert.Equal(["name", "kind", "colour", "age", "place"], record.Select(field => field.Key));
            string animal = record["name"]!.GetValue<string>();
            string about = Of(passage, animal);
            Assert.True(Mentions(question, animal));
            Assert.All(
                new[] { "kind", "colour", "place" }.Select(key => record[key]!.GetValue<string>())
                    .Append(Words.Numbers[record["age"]!.GetValue<int>()]),
                word => Assert.True(Mentions(about, word), $"{word} is not said of {animal}: {passage}"));
        }
    }

    // What a passage says of an animal.
    private static string Of(string passage, string animal)
    {
        string[] sentences = passage.Split(". ");
        return string.Join(' ', sentences.Where((_, number) => IsAbout(sentences, number, animal)));
    }

    // A sentence is about the animal that it names; one that names none is about the one before it.
    private static bool IsAbout(string[] sentences, int number, string animal) =>
        NamesIn(sentences[number]).Any()
            ? Mentions(sentences[number], animal)
            : IsAbout(sentences, number - 1, animal);

    private static IEnumerable<string> NamesIn(string text) =>
        Words.Names.Select(entry => entry.Name).Where(name => Mentions(text, name));

    // Kinds, colours, places and numbers.
    private static HashSet<string> FactsIn(string text) =>
        [.. Words.All.Except(Words.Names.Select(entry => entry.Name)).Where(word => Mentions(text, word))];

    private static IEnumerable<(string Name, string Fact)> Pairs(string list) => list.TrimEnd('.').Split(", ")
        .Select(pair => pair.Split(' '))
        .Select(pair => Words.Names.Any(entry => entry.Name == pair[0]) ? (pair[0], pair[1]) : (pair[1], pair[0]));

    private static bool Mentions(string text, string word) =>
        text.Split([' ', '.', ',', '?', '\n'], StringSplitOptions.RemoveEmptyEntries).Contains(word);

    private static IEnumerable<(string Passage, string Question, string Answer)> Questions(string name)
    {
        foreach (JsonArray messages in Conversations(name))
        {
            (string passage, string question) = Split(Content(messages[0]!));
            for (int turn = 0; turn < messages.Count && passage.Length > 0; turn += 2)
            {
                yield return (passage, turn == 0 ? question : Content(messages[turn]!), Content(messages[turn + 1]!));
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
        .Select(messages => Split(Content(messages[0]!)).Passage)
        .Where(passage => passage.Length > 0);

    private static IEnumerable<JsonArray> Conversations(string name) =>
        HerdSets.All.Single(entry => entry.Name == name).Lines(Count, 5, 3)
            .Select(line => JsonNode.Parse(line)!["messages"]!.AsArray());

    private static string Content(JsonNode message) => message["content"]!.GetValue<string>();
}
