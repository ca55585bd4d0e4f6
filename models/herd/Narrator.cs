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
    private static readonly IReadOnlyList<Func<Animal, string>> Facts =
    [
        a => $"{a.Name} is {a.AKind}.",
        a => $"{a.Name} is {a.Colour}.",
        a => $"{a.Name} is {a.Years} old.",
        a => $"{a.Name} lives by the {a.Place}.",
    ];

    /// <summary>A passage: every animal once, each told in some way.</summary>
    public static string Tell(Herd herd, Chance chance) => chance.Percent(50)
        ? string.Join(' ', herd.Animals.Select(animal => chance.Of(Ways)(animal)))
        : string.Join(
            ' ',
            herd.Animals.SelectMany(animal => chance.Some(Facts, Facts.Count).Select(fact => fact(animal))));
}
