namespace Chaku.Model.Generation;

/// <summary>
/// A token and its score in one number that sorts as a <see cref="Candidate"/> does: the best first, of equals the
/// one with the lower id, what is not a number last.
/// </summary>
/// <remarks>
/// The upper half falls as the score grows: a float's bits grow with its magnitude, so those of positive numbers are
/// turned over. Negative zero comes back as zero.
/// </remarks>
internal static class CandidateKeys
{
    // From here on passes over digits are faster than comparisons.
    private const int LeastForDigits = 512;
    private const int DigitBits = 11;
    private const uint SignBit = 0x8000_0000;

    /// <summary>The key of a token.</summary>
    public static ulong Of(int id, float score)
    {
        uint bits = BitConverter.SingleToUInt32Bits(score + 0f);
        uint falling = float.IsNaN(score) ? uint.MaxValue : (bits & SignBit) != 0 ? bits : bits ^ (SignBit - 1);
        return ((ulong)falling << 32) | (uint)id;
    }

    /// <summary>A key's token.</summary>
    public static int Id(ulong key) => (int)(uint)key;

    /// <summary>A key's score.</summary>
    public static float Score(ulong key)
    {
        uint falling = (uint)(key >>> 32);
        return BitConverter.UInt32BitsToSingle((falling & SignBit) != 0 ? falling : falling ^ (SignBit - 1));
    }

    /// <summary>The worst of some.</summary>
    public static ulong Worst(ReadOnlySpan<ulong> keys)
    {
        ulong worst = 0;
        foreach (ulong key in keys)
        {
            worst = Math.Max(worst, key);
        }

        return worst;
    }

    /// <summary>Brings the best ones to the front, in any order.</summary>
    /// <param name="keys">All different.</param>
    /// <param name="count">How many; at most all.</param>
    public static void SelectBest(Span<ulong> keys, int count)
    {
        while (count > 0 && count < keys.Length)
        {
            int front = Partition(keys);
            if (front >= count)
            {
                keys = keys[..front];
            }
            else
            {
                count -= front;
                keys = keys[front..];
            }
        }
    }

    /// <summary>Sorts, the best first.</summary>
    /// <param name="keys">Their ids ascend.</param>
    /// <param name="spare">At least as long; overwritten.</param>
    public static void SortAscendingIds(Span<ulong> keys, Span<ulong> spare)
    {
        if (keys.Length < LeastForDigits)
        {
            keys.Sort();
            return;
        }

        // Each pass keeps the order of equals, so that ids need none. Three digits: 11, 11 and 10 bits.
        spare = spare[..keys.Length];
        Distribute(keys, spare, 32);
        Distribute(spare, keys, 32 + DigitBits);
        Distribute(keys, spare, 32 + (2 * DigitBits));
        spare.CopyTo(keys);
    }

    private static void Distribute(ReadOnlySpan<ulong> source, Span<ulong> target, int shift)
    {
        const int Mask = (1 << DigitBits) - 1;
        Span<int> places = stackalloc int[1 << DigitBits];
        places.Clear();
        foreach (ulong key in source)
        {
            places[(int)(key >>> shift) & Mask]++;
        }

        int next = 0;
        foreach (ref int place in places)
        {
            (place, next) = (next, next + place);
        }

        foreach (ulong key in source)
        {
            target[places[(int)(key >>> shift) & Mask]++] = key;
        }
    }

    /// <summary>
    /// Hoare's partition around the middle one: the returned number of better or equal ones comes first.
    /// </summary>
    private static int Partition(Span<ulong> keys)
    {
        ulong pivot = keys[(keys.Length - 1) / 2];
        int left = -1;
        int right = keys.Length;
        while (true)
        {
            do
            {
                left++;
            }
            while (keys[left] < pivot);

            do
            {
                right--;
            }
            while (keys[right] > pivot);

            if (left >= right)
            {
                return right + 1;
            }

            (keys[left], keys[right]) = (keys[right], keys[left]);
        }
    }
}
