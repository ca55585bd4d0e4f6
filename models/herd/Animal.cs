using System.Text;

namespace Chaku.Herd;

/// <summary>One animal and all that there is to know about it.</summary>
/// <param name="Name">Unique in its herd.</param>
/// <param name="IsFemale">Which pronoun it has.</param>
/// <param name="Kind">A word of <see cref="Words.Kinds"/>.</param>
/// <param name="Colour">A word of <see cref="Words.Colours"/>.</param>
/// <param name="Place">A word of <see cref="Words.Places"/>, unique in its herd.</param>
/// <param name="Age">Years, from 1.</param>
internal sealed record Animal(string Name, bool IsFemale, string Kind, string Colour, string Place, int Age)
{
    /// <summary>The age in words, with its unit.</summary>
    public string Years => Age == 1 ? "one year" : $"{Words.Numbers[Age]} years";

    /// <summary>Its kind with an article.</summary>
    public string AKind => A(Kind);

    /// <summary>Colour and kind with an article.</summary>
    public string AColouredKind => A($"{Colour} {Kind}");

    /// <summary>The pronoun that begins a sentence.</summary>
    public string She => IsFemale ? "She" : "He";

    /// <summary>The possessive pronoun.</summary>
    public string Her => IsFemale ? "her" : "his";

    /// <summary>The members of the JSON object that tells everything of it.</summary>
    public IReadOnlyList<string> JsonFields =>
    [
        $"\"name\": \"{Name}\"",
        $"\"kind\": \"{Kind}\"",
        $"\"colour\": \"{Colour}\"",
        $"\"age\": {Age}",
        $"\"place\": \"{Place}\"",
    ];

    /// <summary>A fact in one word.</summary>
    public string Word(Fact fact) => fact switch
    {
        Fact.Kind => Kind,
        Fact.Colour => Colour,
        Fact.Age => Words.Numbers[Age],
        _ => Place,
    };

    private static string A(string words) =>
        ("aeiou".Contains(words[0], StringComparison.Ordinal) ? "an " : "a ") + words;
}

/// <summary>Animals that are told of together.</summary>
/// <param name="Animals">In the order of the telling.</param>
internal sealed record Herd(IReadOnlyList<Animal> Animals)
{
    // FNV-1a: the choice has to be the same everywhere, for ever.
    private const ulong HashStart = 14695981039346656037;
    private const ulong HashPrime = 1099511628211;
    private const ulong HeldOutShare = 20;

    /// <summary>
    /// Whether nobody may learn from this herd: one of twenty, whatever the order of its animals, picked by what they
    /// are. A model that is asked about such a herd has never seen it.
    /// </summary>
    public bool IsHeldOut
    {
        get
        {
            ulong hash = HashStart;
            IEnumerable<string> animals = Animals.Select(animal => animal.ToString()).Order(StringComparer.Ordinal);
            foreach (byte code in Encoding.UTF8.GetBytes(string.Join(';', animals)))
            {
                hash = unchecked((hash ^ code) * HashPrime);
            }

            return (hash >> 20) % HeldOutShare == 0;
        }
    }

    /// <summary>A herd of this many animals that is held out, or one that is not.</summary>
    public static Herd Draw(Chance chance, int count, bool isHeldOut)
    {
        while (true)
        {
            (string Name, bool IsFemale)[] names = chance.Some(Words.Names, count);
            string[] places = chance.Some(Words.Places, count);
            Herd herd = new([.. names.Select((name, number) => new Animal(
                name.Name,
                name.IsFemale,
                chance.Of(Words.Kinds),
                chance.Of(Words.Colours),
                places[number],
                1 + chance.Below(Words.Numbers.Count - 1)))]);
            if (herd.IsHeldOut == isHeldOut)
            {
                return herd;
            }
        }
    }
}
