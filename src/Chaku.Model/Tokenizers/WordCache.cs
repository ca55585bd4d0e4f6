using System.Runtime.InteropServices;

namespace Chaku.Model.Tokenizers;

/// <summary>The tokens of words met before.</summary>
/// <remarks>
/// One slot per hash, and the newest word keeps it: bounded memory, and nothing for a hostile text to pile up. Entries
/// never change, so threads share it without a lock.
/// </remarks>
internal sealed class WordCache
{
    /// <summary>Longer words hardly come again.</summary>
    private const int MaxWordLength = 64;

    private const int SlotBits = 15;
    private readonly Entry?[] _slots = new Entry?[1 << SlotBits];

    /// <summary>Appends the word's tokens if they are known.</summary>
    public bool TryAppend(ReadOnlySpan<byte> word, List<int> ids)
    {
        if (word.Length > MaxWordLength || _slots[SlotOf(word)] is not { } entry || !word.SequenceEqual(entry.Word))
        {
            return false;
        }

        if (entry.Ids.Length == 1)
        {
            ids.Add(entry.Ids[0]);
        }
        else
        {
            ids.AddRange(entry.Ids.AsSpan());
        }

        return true;
    }

    /// <summary>Keeps the word's tokens: those of <paramref name="ids"/> from <paramref name="start"/> on.</summary>
    public void Add(ReadOnlySpan<byte> word, List<int> ids, int start)
    {
        if (word.Length <= MaxWordLength)
        {
            _slots[SlotOf(word)] = new(word.ToArray(), CollectionsMarshal.AsSpan(ids)[start..].ToArray());
        }
    }

    private static int SlotOf(ReadOnlySpan<byte> word)
    {
        const ulong Multiplier = 0x9E37_79B9_7F4A_7C15;
        ulong hash = (ulong)word.Length;
        for (; word.Length >= sizeof(ulong); word = word[sizeof(ulong)..])
        {
            hash = (hash ^ MemoryMarshal.Read<ulong>(word)) * Multiplier;
            hash ^= hash >> 29;
        }

        ulong rest = 0;
        foreach (byte value in word)
        {
            rest = (rest << 8) | value;
        }

        return (int)((hash ^ rest) * Multiplier >> (64 - SlotBits));
    }

    private sealed record Entry(byte[] Word, int[] Ids);
}
