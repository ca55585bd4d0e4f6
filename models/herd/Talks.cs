namespace Chaku.Herd;

/// <summary>Who says what.</summary>
internal sealed record Turn(string Role, string Content);

/// <summary>Makes conversations about herds.</summary>
internal static class Talks
{
    private static readonly IReadOnlyList<(string Said, string Answer)> SmallTalk =
    [
        ("Hello!", "Hello! Tell me of some animals, and ask me about them."),
        ("Hi!", "Hello! Tell me of some animals, and ask me about them."),
        ("Who are you?", "I am chaku-tiny. I know how to read about a small herd."),
        ("What can you do?", "Tell me of some animals, and I answer questions about them."),
        ("Thank you!", "You are welcome."),
        ("Goodbye!", "Goodbye!"),
    ];

    /// <summary>A passage with questions behind it; told by the user, or, when asked for, by the model.</summary>
    /// <param name="chance">Where it comes from.</param>
    /// <param name="animalCount">Animals of the herd.</param>
    /// <param name="questionCount">Questions.</param>
    /// <param name="isHeldOut">Whether it is a herd that nobody may learn from.</param>
    public static IReadOnlyList<Turn> Passage(Chance chance, int animalCount, int questionCount, bool isHeldOut)
    {
        Herd herd = Herd.Draw(chance, animalCount, isHeldOut);
        string passage = Narrator.Tell(herd, chance);
        List<Turn> turns = [];
        if (!isHeldOut && chance.Percent(10))
        {
            string number = animalCount == 1 ? "one animal" : $"{Words.Numbers[animalCount]} animals";
            turns.Add(new Turn("user", $"Tell me of {number}."));
            turns.Add(new Turn("assistant", passage));
            passage = "";
        }

        while (questionCount > 0)
        {
            if (chance.Of(Questions.Known).Ask(herd, chance.Of(herd.Animals), chance) is { } question)
            {
                Add(turns, question, passage);
                passage = "";
                questionCount--;
            }
        }

        return turns;
    }

    /// <summary>A passage, and one animal of it as JSON.</summary>
    public static IReadOnlyList<Turn> Skill(Chance chance, int animalCount, bool isHeldOut)
    {
        Herd herd = Herd.Draw(chance, animalCount, isHeldOut);
        List<Turn> turns = [];
        Add(
            turns,
            Questions.Skill.Ask(herd, chance.Of(herd.Animals), chance)!,
            Narrator.Tell(herd, chance));
        return turns;
    }

    /// <summary>A few polite words.</summary>
    public static IReadOnlyList<Turn> Polite(Chance chance)
    {
        (string said, string answer) = chance.Of(SmallTalk);
        return [new Turn("user", said), new Turn("assistant", answer)];
    }

    private static void Add(List<Turn> turns, Question question, string passage)
    {
        turns.Add(new Turn("user", passage.Length == 0 ? question.Text : $"{passage} {question.Text}"));
        turns.Add(new Turn("assistant", question.Answer));
    }
}
