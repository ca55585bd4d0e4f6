using Chaku.Herd;

// Writes a data set of this project's own small world, one conversation a line, in OpenAI's chat format.
if (args is not [string set, string countText, string seedText, string animalText]
    || !int.TryParse(countText, out int count)
    || !ulong.TryParse(seedText, out ulong seed)
    || !int.TryParse(animalText, out int mostAnimals)
    || mostAnimals < 1 || mostAnimals >= Words.Numbers.Count
    || HerdSets.All.FirstOrDefault(entry => entry.Name == set) is not { } herdSet)
{
    Console.Error.WriteLine(
        $"usage: herd {string.Join('|', HerdSets.All.Select(entry => entry.Name))} COUNT SEED MOST-ANIMALS");
    return 2;
}

using StreamWriter output = new(Console.OpenStandardOutput(), new System.Text.UTF8Encoding(false), 1 << 16);
foreach (string line in herdSet.Lines(count, seed, mostAnimals))
{
    output.Write(line);
    output.Write('\n');
}

return 0;
