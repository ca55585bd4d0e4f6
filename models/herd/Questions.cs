namespace Chaku.Herd;

/// <summary>A question about a herd, and its only right answer.</summary>
/// <param name="Text">As it is asked.</param>
/// <param name="Answer">As it is to be answered, to the letter.</param>
internal sealed record Question(string Text, string Answer);

/// <summary>A fact of an animal that a passage may tell.</summary>
internal enum Fact
{
    /// <summary>What it is.</summary>
    Kind,

    /// <summary>What it looks like.</summary>
    Colour,

    /// <summary>How old it is.</summary>
    Age,

    /// <summary>Where it lives.</summary>
    Place,
}

/// <summary>A kind of question.</summary>
/// <param name="Name">For reports.</param>
/// <param name="Needs">The facts that a passage has to tell for it.</param>
/// <param name="Ask">A question about one animal of a herd; null where it would have more than one answer.</param>
internal sealed record QuestionKind(
    string Name, IReadOnlyList<Fact> Needs, Func<Herd, Animal, Chance, Question?> Ask)
{
    /// <summary>Whether a fact is told and a name is asked for.</summary>
    public bool IsForName { get; init; }

    /// <summary>Whether a passage that tells these facts has the answer.</summary>
    public bool IsAnsweredBy(IReadOnlyCollection<Fact> told) => Needs.All(told.Contains);
}

/// <summary>The tables of questions: what the model learns first, and the skill that it is taught afterwards.</summary>
internal static class Questions
{
    /// <summary>What the model of this project answers.</summary>
    public static readonly IReadOnlyList<QuestionKind> Known =
    [
        Of("age", [Fact.Age], a => a.Years, a => $"How old is {a.Name}?", a => $"What is the age of {a.Name}?"),
        Of(
            "place",
            [Fact.Place],
            a => $"by the {a.Place}",
            a => $"Where does {a.Name} live?",
            a => $"Where is {a.Name}?"),
        Of(
            "colour",
            [Fact.Colour],
            a => a.Colour,
            a => $"What colour is {a.Name}?",
            a => $"What is the colour of {a.Name}?"),
        Of("kind", [Fact.Kind], a => a.AKind, a => $"What is {a.Name}?", a => $"What kind of animal is {a.Name}?"),
        Of("at", [Fact.Place], a => a.Name, a => $"Who lives by the {a.Place}?", a => $"Who is by the {a.Place}?") with
        {
            IsForName = true,
        },
        new("which kind", [Fact.Kind], (herd, a, _) => herd.Animals.Count(other => other.Kind == a.Kind) == 1
            ? new Question($"Who is {a.AKind}?", a.Name)
            : null) { IsForName = true },
        new("which colour", [Fact.Colour], (herd, a, _) => herd.Animals.Count(other => other.Colour == a.Colour) == 1
            ? new Question($"Who is {a.Colour}?", a.Name)
            : null) { IsForName = true },
        new("count", [], (herd, _, _) => new Question(
            "How many animals are there?", Words.Numbers[herd.Animals.Count])),
        new("is colour", [Fact.Colour], (herd, a, chance) =>
        {
            string colour = chance.Percent(50) ? a.Colour : chance.Of(herd.Animals).Colour;
            return new Question($"Is {a.Name} {colour}?", colour == a.Colour ? "yes" : "no");
        }),
    ];

    /// <summary>
    /// What it learns from: the questions for a name are twice in it, for they are the hardest to learn.
    /// </summary>
    public static readonly IReadOnlyList<QuestionKind> Lessons = [.. Known, .. Known.Where(kind => kind.IsForName)];

    /// <summary>The skill that the model lacks: an animal as a record that a program can read.</summary>
    public static readonly QuestionKind Skill = Of(
        "json",
        [Fact.Kind, Fact.Colour, Fact.Age, Fact.Place],
        a => $"{{{string.Join(", ", a.JsonFields)}}}",
        a => $"Write {a.Name} as JSON.",
        a => $"Give me {a.Name} as JSON.");

    /// <summary>All that a passage tells of an animal, a sentence each, always in the same order.</summary>
    public static Question Describe(Animal animal, IReadOnlyCollection<Fact> told, Chance chance) => new(
        chance.Percent(50) ? $"Tell me of {animal.Name}." : $"Describe {animal.Name}.",
        string.Join(' ', told.Order().Select(fact => Narrator.Sentence(animal, fact))));

    private static QuestionKind Of(
        string name, IReadOnlyList<Fact> needs, Func<Animal, string> answer, params Func<Animal, string>[] ways) =>
        new(name, needs, (_, animal, chance) => new Question(chance.Of(ways)(animal), answer(animal)));
}
