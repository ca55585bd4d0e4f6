namespace Chaku.Herd;

/// <summary>Tells of a herd in simple English.</summary>
internal static class Narrator
{
    // The name comes first: a small model reads from left to right, and has to know whom a sentence is about.
    private static readonly IReadOnlyList<Func<Animal, string>> Ways =
    [
        a => $"{a.Name} is {a.AColouredKind}. {a.She} is {a.Years} old and lives by the {a.Place}.",
        a => $"{a.Name} lives by the {a.Place}. {a.She} is {a.AKind}, {a.Colour} and {a.Years} old.",
        a => $"{a.Name} is {a.Years} old. This {a.Colour} {a.Kind} lives by the {a.Place}.",
        a => $"{a.Name} the {a.Kind} is {a.Years} old. {a.She} is {a.Colour}, and {a.Her} home is by the {a.Place}.",
        a => $"{a.Name}, {a.AColouredKind} of {a.Years}, lives by the {a.Place}.",
        a => $"{a.Name} is {a.AKind}. {a.She} lives by the {a.Place}, is {a.Colour} and {a.Years} old.",
        a => $"{a.Name} is {a.Colour} and {a.Years} old. {a.She} is {a.AKind}, and {a.Her} home is by the {a.Place}.",
    ];

    // One fact a sentence, each with the name: the shortest way from a fact to whom it is about.
    private static readonly Dictionary<Fact, Func<Animal, string>> Sentences = new()
    {
        [Fact.Kind] = a => $"{a.Name} is {a.AKind}.",
        [Fact.Colour] = a => $"{a.Name} is {a.Colour}.",
        [Fact.Age] = a => $"{a.Name} is {a.Years} old.",
        [Fact.Place] = a => $"{a.Name} lives by the {a.Place}.",
    };

    /// <summary>Every fact.</summary>
    public static IReadOnlyList<Fact> Facts { get; } = Enum.GetValues<Fact>();

    /// <summary>A fact as a sentence of its own.</summary>
    public static string Sentence(Animal animal, Fact fact) => Sentences[fact](animal);

    /// <summary>A passage that tells everything: every animal once, each told in some way.</summary>
    public static string Tell(Herd herd, Chance chance) => chance.Percent(50)
        ? string.Join(' ', herd.Animals.Select(animal => chance.Of(Ways)(animal)))
        : Tell(herd, Facts, chance);

    /// <summary>A passage that tells some facts of every animal, a sentence each.</summary>
    public static string Tell(Herd herd, IReadOnlyList<Fact> told, Chance chance) => string.Join(
        ' ',
        herd.Animals.SelectMany(animal => chance.Some(told, told.Count).Select(fact => Sentence(animal, fact))));
}
