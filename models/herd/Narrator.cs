namespace Chaku.Herd;

/// <summary>Tells of a herd in simple English.</summary>
internal static class Narrator
{
    private static readonly IReadOnlyList<Func<Animal, string>> Ways =
    [
        a => $"{a.Name} is {a.AColouredKind}. {a.She} is {a.Years} old and lives by the {a.Place}.",
        a => $"By the {a.Place} lives {a.Name}, {a.AColouredKind} of {a.Years}.",
        a => $"{a.Name} is {a.Years} old. This {a.Colour} {a.Kind} lives by the {a.Place}.",
        a => $"There is {a.AColouredKind} by the {a.Place}. The name is {a.Name}, and the age is {a.Years}.",
        a => $"{Capital(a.AKind)} called {a.Name} lives by the {a.Place}. {a.She} is {a.Colour} and {a.Years} old.",
        a => $"{a.Name} the {a.Kind} is {a.Years} old. {a.She} is {a.Colour}, and {a.Her} home is by the {a.Place}.",
        a => $"The {a.Colour} {a.Kind} by the {a.Place} is {a.Name}. {a.She} is {a.Years} old.",
        a => $"{a.Name} lives by the {a.Place}. {a.She} is {a.AKind}, {a.Colour} and {a.Years} old.",
    ];

    /// <summary>How many ways there are to tell of an animal.</summary>
    public static int WayCount => Ways.Count;

    /// <summary>A passage: every animal once, each told in some way.</summary>
    public static string Tell(Herd herd, Chance chance) =>
        string.Join(' ', herd.Animals.Select(animal => chance.Of(Ways)(animal)));

    private static string Capital(string words) => char.ToUpperInvariant(words[0]) + words[1..];
}
