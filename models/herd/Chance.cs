namespace Chaku.Herd;

/// <summary>Numbers that depend on a seed alone, on every machine and release.</summary>
/// <remarks>SplitMix64. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.</remarks>
internal sealed class Chance(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A number from 0 to <paramref name="count"/> - 1.</summary>
    public int Below(int count) => (int)(Next() % (ulong)count);

    /// <summary>True in this many of a hundred cases.</summary>
    public bool Percent(int share) => Below(100) < share;

    /// <summary>One of a list.</summary>
    public T Of<T>(IReadOnlyList<T> list) => list[Below(list.Count)];

    /// <summary>Some of a list, each once, in any order.</summary>
    public T[] Some<T>(IReadOnlyList<T> list, int count)
    {
        T[] shuffled = [.. list];
        for (int place = 0; place < count; place++)
        {
            int other = place + Below(shuffled.Length - place);
            (shuffled[place], shuffled[other]) = (shuffled[other], shuffled[place]);
        }

        return shuffled[..count];
    }

    private ulong Next()
    {
        unchecked
        {
            _state += 0x9E3779B97F4A7C15;
            ulong mixed = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return mixed ^ (mixed >> 31);
        }
    }
}
