namespace Chaku.Herd;

/// <summary>The words of this small world.</summary>
internal static class Words
{
    /// <summary>What an animal can be.</summary>
    public static readonly IReadOnlyList<string> Kinds =
        ["llama", "alpaca", "vicuna", "guanaco", "goat", "sheep", "donkey", "horse"];

    /// <summary>What it can look like.</summary>
    public static readonly IReadOnlyList<string> Colours =
        ["brown", "white", "black", "grey", "golden", "red", "spotted", "striped"];

    /// <summary>What it can live by.</summary>
    public static readonly IReadOnlyList<string> Places =
    [
        "river", "lake", "hill", "forest", "valley", "bridge", "mill", "meadow",
        "well", "wall", "road", "barn", "cave", "spring", "garden", "market",
    ];

    /// <summary>Numbers in words, each at its own place.</summary>
    public static readonly IReadOnlyList<string> Numbers =
    [
        "no", "one", "two", "three", "four", "five", "six",
        "seven", "eight", "nine", "ten", "eleven", "twelve",
    ];

    /// <summary>What it can be called, and whether it is a she.</summary>
    public static readonly IReadOnlyList<(string Name, bool IsFemale)> Names =
    [
        .. Called(isFemale: true,
            "Luna", "Nina", "Rosa", "Killa", "Urpi", "Wayra", "Maya", "Chaska", "Sara", "Pilar", "Elena", "Flora",
            "Mora", "Paloma", "Estrella", "Lola", "Nube", "Perla", "Rita", "Vera", "Clara", "Dora", "Ines", "Julia"),
        .. Called(isFemale: false,
            "Tito", "Paco", "Inti", "Sami", "Pedro", "Diego", "Hugo", "Mateo", "Lucho", "Amaru", "Kusi", "Rumi",
            "Simon", "Tomas", "Raul", "Bruno", "Leo", "Nico", "Oscar", "Felix", "Mario", "Ramon", "Jorge", "Pepe"),
    ];

    /// <summary>What a program calls the facts.</summary>
    public static readonly IReadOnlyList<string> Keys = ["name", "kind", "colour", "age", "place"];

    /// <summary>Every word of a fact, and every name.</summary>
    public static readonly IReadOnlyList<string> All =
        [.. Names.Select(entry => entry.Name), .. Kinds, .. Colours, .. Places, .. Numbers.Skip(1), .. Keys];

    private static IEnumerable<(string Name, bool IsFemale)> Called(bool isFemale, params string[] names) =>
        names.Select(name => (name, isFemale));
}
