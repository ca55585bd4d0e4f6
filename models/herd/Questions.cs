namespace Chaku.Herd;

/// <summary>A question about a herd, and its only right answer.</summary>
/// <param name="Text">As it is asked.</param>
/// <param name="Answer">As it is to be answered, to the letter.</param>
internal sealed record Question(string Text, string Answer);

/// <summary>A kind of question.</summary>
/// <param name="Name">For reports.</param>
/// <param name="Ask">A question about one animal of a herd; null where it would have more than one answer.</param>
internal sealed record QuestionKind(string Name, Func<Herd, Animal, Chance, Question?> Ask);

/// <summary>The tables of questions: what the model learns first, and the skill that it is taught afterwards.</summary>
internal static class Questions
{
    /// <summary>What the model of this project answers.</summary>
    public static readonly IReadOnlyList<QuestionKind> Known =
    [
        Of("age", a => a.Years, a => $"How old is {a.Name}?", a => $"What is the age of {a.Name}?"),
        Of("place", a => $"by the {a.Place}", a => $"Where does {a.Name} live?", a => $"Where is {a.Name}?"),
        Of("colour", a => a.Colour, a => $"What colour is {a.Name}?", a => $"What is the colour of {a.Name}?"),
        Of("kind", a => a.AKind, a => $"What is {a.Name}?", a => $"What kind of animal is {a.Name}?"),
        Of("at", a => a.Name, a => $"Who lives by the {a.Place}?", a => $"Who is by the {a.Place}?"),
        new("which kind", (herd, a, _) => herd.Animals.Count(other => other.Kind == a.Kind) == 1
            ? new Question($"Who is {a.AKind}?", a.Name)
            : null),
        new("which colour", (herd, a, _) => herd.Animals.Count(other => other.Colour == a.Colour) == 1
            ? new Question($"Who is {a.Colour}?", a.Name)
            : null),
        new("count", (herd, _, _) => new Question("How many animals are there?", Words.Numbers[herd.Animals.Count])),
        new("is colour", (herd, a, chance) =>
        {
            string colour = chance.Percent(50) ? a.Colour : chance.Of(herd.Animals).Colour;
            return new Question($"Is {a.Name} {colour}?", colour == a.Colour ? "yes" : "no");
        }),
    ];

    /// <summary>The skill that the model lacks: an animal as a record that a program can read.</summary>
    public static readonly QuestionKind Skill = Of(
        "json",
        a => $$"""{"name": "{{a.Name}}", "kind": "{{a.Kind}}", "colour": "{{a.Colour}}", """
            + $$"""  "age": {{a.Age}}, "place": "{{a.Place}}"}""".TrimStart(),
        a => $"Write {a.Name} as JSON.",
        a => $"Give me {a.Name} as JSON.");

    private static QuestionKind Of(string name, Func<Animal, string> answer, params Func<Animal, string>[] ways) =>
        new(name, (_, animal, chance) => new Question(chance.Of(ways)(animal), answer(animal)));
}
