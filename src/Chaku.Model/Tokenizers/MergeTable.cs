using System.Numerics;
using System.Security.Cryptography;

namespace Chaku.Model.Tokenizers;

/// <summary>Which pairs of tokens become one, and how urgently: what byte-pair encoding learnt.</summary>
/// <remarks>
/// Chained buckets under a random multiplier, so that a file cannot choose ids that all meet in one bucket.
/// Source: M. Dietzfelbinger et al., "A Reliable Randomized Algorithm for the Closest-Pair Problem", 1997 (the hash).
/// </remarks>
internal sealed class MergeTable : IMergeRule
{
    private readonly ulong _multiplier = OddNumber();
    private readonly int _shift;
    private readonly int[] _buckets;
    private readonly Entry[] _entries;
    private int _count;

    /// <summary>An empty table for up to <paramref name="capacity"/> pairs.</summary>
    public MergeTable(int capacity)
    {
        int bits = BitOperations.Log2((uint)Math.Max(capacity, 1)) + 1;
        _shift = 64 - bits;
        _buckets = new int[1 << bits];
        _entries = new Entry[capacity];
        Array.Fill(_buckets, -1);
    }

    /// <summary>Adds a pair; of two alike the first counts.</summary>
    /// <param name="left">The left token.</param>
    /// <param name="right">The right token.</param>
    /// <param name="order">The smallest is merged first.</param>
    /// <param name="id">The token they make.</param>
    public void Add(int left, int right, uint order, int id)
    {
        if (!TryFind(left, right, out _, out _))
        {
            ref int bucket = ref _buckets[BucketOf(KeyOf(left, right))];
            _entries[_count] = new(KeyOf(left, right), order, id, bucket);
            bucket = _count++;
        }
    }

    /// <summary>Looks up a pair.</summary>
    public bool TryFind(int left, int right, out uint order, out int id)
    {
        ulong key = KeyOf(left, right);
        for (int index = _buckets[BucketOf(key)]; index >= 0;)
        {
            ref readonly Entry entry = ref _entries[index];
            if (entry.Key == key)
            {
                order = entry.Order;
                id = entry.Id;
                return true;
            }

            index = entry.Next;
        }

        order = 0;
        id = -1;
        return false;
    }

    /// <inheritdoc/>
    public bool TryMerge(in Symbol left, in Symbol right, out uint order, out int id) =>
        TryFind(left.Id, right.Id, out order, out id);

    private static ulong OddNumber()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return BitConverter.ToUInt64(bytes) | 1;
    }

    private static ulong KeyOf(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private int BucketOf(ulong key) => (int)(key * _multiplier >> _shift);

    private readonly record struct Entry(ulong Key, uint Order, int Id, int Next);
}
