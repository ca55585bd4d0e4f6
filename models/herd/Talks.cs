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

    /// <summary>A passage that tells everything, with questions behind it, some of which ask for everything.</summary>
    /// <param name="chance">Where it comes from.</param>
    /// <param name="animalCount">Animals of the herd.</param>
    /// <param name="questionCount">Questions.</param>
    public static IReadOnlyList<Turn> Passage(Chance chance, int animalCount, int questionCount)
    {
        Herd herd = Herd.Draw(chance, animalCount, isHeldOut: false);
        List<Question> questions =
        [
            .. herd.Animals.Select(animal => Questions.Describe(animal, Narrator.Facts, chance)),
            .. Enumerable.Range(0, questionCount)
                .Select(_ => Any(chance, Questions.Lessons, herd, chance.Of(herd.Animals))),
        ];
        return Asked(Narrator.Tell(herd, chance), chance.Some(questions, questions.Count));
    }

    /// <summary>A passage that tells one or two facts of each animal, with a question about each.</summary>
    public static IReadOnlyList<Turn> ShortPassage(Chance chance, int animalCount)
    {
        Herd herd = Herd.Draw(chance, animalCount, isHeldOut: false);
        Fact[] told = chance.Some(Narrator.Facts, 1 + chance.Below(2));
        QuestionKind[] kinds = [.. Questions.Lessons.Where(kind => kind.IsAnsweredBy(told))];
        return Asked(Narrator.Tell(herd, told, chance), chance.Some(herd.Animals, animalCount).Select(animal =>
            chance.Percent(25) ? Questions.Describe(animal, told, chance) : Any(chance, kinds, herd, animal)));
    }

    /// <summary>
    /// A passage that tells one fact of each animal, and the facts of names, or the names of facts, to be listed: each
    /// answer is a word that stands right behind what it belongs to.
    /// </summary>
    public static IReadOnlyList<Turn> List(Chance chance, int animalCount)
    {
        Herd herd = Herd.Draw(chance, animalCount, isHeldOut: false);
        Fact fact = chance.Of(Narrator.Facts);
        (string Key, string Value)[] pairs =
            [.. chance.Some(herd.Animals, animalCount).Select(animal => (animal.Name, animal.Word(fact)))];
        if (chance.Percent(60) && pairs.DistinctBy(pair => pair.Value).Count() == pairs.Length)
        {
            pairs = [.. pairs.Select(pair => (pair.Value, pair.Key))];
        }

        string keys = string.Join(", ", pairs.Select(pair => pair.Key));
        string both = string.Join(", ", pairs.Select(pair => $"{pair.Key} {pair.Value}"));
        return Asked(Narrator.Tell(herd, [fact], chance), [new Question($"List {keys}.", $"{both}.")]);
    }

    /// <summary>A passage of a herd that nobody may learn from, and one question.</summary>
    public static IReadOnlyList<Turn> HeldOut(Chance chance, int animalCount)
    {
        Herd herd = Herd.Draw(chance, animalCount, isHeldOut: true);
        List<Turn> turns = [];
        Add(turns, Any(chance, Questions.Known, herd, chance.Of(herd.Animals)), Narrator.Tell(herd, chance));
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

    /// <summary>
    /// Words to be said again, as they are or in quotes or figures, and records: what a model learns from it is to look
    /// back, and how a word is spelled elsewhere.
    /// </summary>
    public static IReadOnlyList<Turn> Echo(Chance chance)
    {
        string[] words = chance.Some(Words.All, 3 + chance.Below(10));
        (string order, string answer) = chance.Below(10) switch
        {
            < 5 => ($"Say: {string.Join(' ', words)}.", $"{string.Join(' ', words)}."),
            < 7 => ($"Quote: {string.Join(' ', words)}.", string.Join(", ", words.Select(word => $"\"{word}\""))),
            < 8 => Figures(chance),
            _ => Record(chance),
        };
        return [new Turn("user", order), new Turn("assistant", answer)];
    }

    /// <summary>A few polite words.</summary>
    public static IReadOnlyList<Turn> Polite(Chance chance)
    {
        (string said, string answer) = chance.Of(SmallTalk);
        return [new Turn("user", said), new Turn("assistant", answer)];
    }

    private static (string Order, string Answer) Figures(Chance chance)
    {
        int count = 3 + chance.Below(10);
        int[] numbers = [.. Enumerable.Range(0, count).Select(_ => 1 + chance.Below(Words.Numbers.Count - 1))];
        string words = string.Join(' ', numbers.Select(number => Words.Numbers[number]));
        return ($"Figures: {words}.", string.Join(", ", numbers));
    }

    private static (string Order, string Answer) Record(Chance chance)
    {
        IReadOnlyList<string> fields = Herd.Draw(chance, 1, isHeldOut: false).Animals[0].JsonFields;
        string record = $"{{{string.Join(", ", chance.Some(fields, 1 + chance.Below(fields.Count)))}}}";
        return ($"Say: {record}", record);
    }

    private static List<Turn> Asked(string passage, IEnumerable<Question> questions)
    {
        List<Turn> turns = [];
        foreach (Question question in questions)
        {
            Add(turns, question, passage);
            passage = "";
        }

        return turns;
    }

    private static Question Any(Chance chance, IReadOnlyList<QuestionKind> kinds, Herd herd, Animal animal)
    {
        while (true)
        {
            if (chance.Of(kinds).Ask(herd, animal, chance) is { } question)
            {
                return question;
            }
        }
    }

    private static void Add(List<Turn> turns, Question question, string passage)
    {
        turns.Add(new Turn("user", passage.Length == 0 ? question.Text : $"{passage} {question.Text}"));
        turns.Add(new Turn("assistant", question.Answer));
    }
}
