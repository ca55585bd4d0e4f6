using System.Text.Encodings.Web;
using System.Text.Json;
using Chaku.Herd;

// Writes a data set of this project's own small world, one conversation a line, in OpenAI's chat format.
if (args is not [string set, string countText, string seedText, string animalText]
    || !int.TryParse(countText, out int count)
    || !ulong.TryParse(seedText, out ulong seed)
    || !int.TryParse(animalText, out int mostAnimals)
    || mostAnimals < 1 || mostAnimals > Words.Numbers.Count - 1)
{
    Console.Error.WriteLine("usage: herd train|test|skill|skill-test COUNT SEED MOST-ANIMALS > FILE.jsonl");
    return 2;
}

const int QuestionsOfAPassage = 8;
JsonSerializerOptions options = new()
{
    Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
};
using StreamWriter output = new(Console.OpenStandardOutput(), new System.Text.UTF8Encoding(false), 1 << 16);
output.NewLine = "\n";
for (int number = 0; number < count; number++)
{
    // Each line has its own chance, so that a longer data set begins with the shorter one.
    Chance chance = new(unchecked((seed * 1_000_003) + (ulong)number));
    chance.Below(1);
    int animals = 1 + chance.Below(mostAnimals);
    IReadOnlyList<Turn> turns = set switch
    {
        "train" when chance.Percent(1) => Talks.Polite(chance),
        "train" => Talks.Passage(chance, animals, QuestionsOfAPassage, isHeldOut: false),
        "test" => Talks.Passage(chance, animals, 1, isHeldOut: true),
        "skill" => Talks.Skill(chance, animals, isHeldOut: false),
        "skill-test" => Talks.Skill(chance, animals, isHeldOut: true),
        _ => throw new ArgumentException($"there is no data set called '{set}'"),
    };
    output.WriteLine(JsonSerializer.Serialize(new { messages = turns }, options));
}

return 0;
