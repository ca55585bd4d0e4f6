using System.Text.Encodings.Web;
using System.Text.Json;

namespace Chaku.Herd;

/// <summary>A data set: what each of its conversations is.</summary>
/// <param name="Name">The name on the command line.</param>
/// <param name="Make">A conversation about a herd of so many animals.</param>
internal sealed record HerdSet(string Name, Func<Chance, int, IReadOnlyList<Turn>> Make)
{
    private static readonly JsonSerializerOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
    };

    /// <summary>The lines of a file. Each has its own chance, so a longer file begins with the shorter one.</summary>
    public IEnumerable<string> Lines(int count, ulong seed, int mostAnimals)
    {
        for (int number = 0; number < count; number++)
        {
            Chance chance = new(unchecked((seed * 1_000_003) + (ulong)number));
            _ = chance.Below(1);
            IReadOnlyList<Turn> messages = Make(chance, 1 + chance.Below(mostAnimals));
            yield return JsonSerializer.Serialize(new { messages }, Options);
        }
    }
}

/// <summary>The table of data sets.</summary>
internal static class HerdSets
{
    private const int QuestionsOfAPassage = 8;
    private const int MoreInShortPassages = 2;

    /// <summary>Every data set.</summary>
    public static readonly IReadOnlyList<HerdSet> All =
    [
        new("train", (chance, animals) => chance.Below(100) switch
        {
            < 1 => Talks.Polite(chance),
            < 22 => Talks.Echo(chance),
            < 48 => Talks.List(chance, animals + MoreInShortPassages),
            < 83 => Talks.ShortPassage(chance, animals + chance.Below(MoreInShortPassages + 1)),
            _ => Talks.Passage(chance, animals, QuestionsOfAPassage),
        }),
        new("test", Talks.HeldOut),

        // Some of what the model knows already, so that it is not forgotten.
        new("skill", (chance, animals) => chance.Percent(25)
            ? Talks.Passage(chance, animals, 2)
            : Talks.Skill(chance, animals, isHeldOut: false)),
        new("skill-test", (chance, animals) => Talks.Skill(chance, animals, isHeldOut: true)),
    ];
}
