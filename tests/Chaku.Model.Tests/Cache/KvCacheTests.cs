using Chaku.Kernels.Cache;
using Chaku.Model.Cache;
using CsCheck;

namespace Chaku.Model.Tests.Cache;

public sealed class KvCacheTests
{
    private const int PageLength = KvLayout.PageLength;

    [Fact]
    public void A_known_beginning_is_shared_but_for_the_last_token()
    {
        using KvCache cache = Create(4);
        using (KvSequence first = cache.Open())
        {
            Extend(first, [0, 1]);
        }

        using KvSequence longer = cache.Open([.. Tokens([0, 1]), 7], null);
        Assert.Equal(2 * PageLength, longer.Length);
        using KvSequence equal = cache.Open(Tokens([0, 1]), null);
        Assert.Equal(PageLength, equal.Length);
        using KvSequence other = cache.Open([.. Tokens([1, 1]), 7], null);
        Assert.Equal(0, other.Length);
        using KvSequence adapted = cache.Open([.. Tokens([0, 1]), 7], new object());
        Assert.Equal(0, adapted.Length);
    }

    [Fact]
    public void A_page_behind_a_copy_that_is_written_again_stands_for_no_other_text()
    {
        using KvCache cache = Create(8);
        KvSequence first = cache.Open();
        KvSequence second = cache.Open();
        Extend(first, [0]);
        Extend(second, [0, 1]);
        second.Dispose();
        first.Dispose();
        using (KvSequence third = cache.Open())
        {
            Extend(third, [2]);
        }

        using KvSequence found = cache.Open([.. Tokens([2, 1]), 7], null);
        Assert.Equal(PageLength, found.Length);
    }

    [Fact]
    public void What_is_shared_was_always_written_for_this_very_beginning() =>
        Gen.Int[0, 1].Array[1, 4].Array[2].Array[1, 40].Sample(pairs =>
        {
            // Two sequences at a time, with room for little else: pages are shared, written twice and evicted.
            using KvCache cache = Create(9);
            foreach (int[][] pair in pairs)
            {
                KvSequence[] sequences = [.. pair.Select(kinds => cache.Open(Tokens(kinds), null))];
                for (int i = 0; i < pair.Length; i++)
                {
                    for (int page = 0; page < sequences[i].Length / PageLength; page++)
                    {
                        Assert.Equal(Beginning(pair[i], page), Content(sequences[i], page)[0]);
                    }

                    Extend(sequences[i], pair[i]);
                }

                Array.ForEach(sequences, sequence => sequence.Dispose());
            }
        });

    [Fact]
    public void A_cache_that_is_full_says_so()
    {
        using KvCache cache = Create(1);
        using KvSequence sequence = cache.Open();
        Extend(sequence, [0]);
        string message = Assert.Throws<InvalidOperationException>(() => sequence.Reserve(1)).Message;
        Assert.Contains("all 1 pages", message, StringComparison.Ordinal);
    }

    private static KvCache Create(int pages) => new(new KvLayout(1, 1, 2, KvFormats.F32), pages);

    private static int[] Tokens(int[] kinds) =>
        [.. kinds.SelectMany(kind => Enumerable.Range(kind * PageLength, PageLength))];

    // Writes the pages that a sequence lacks; each notes the whole text up to its end.
    private static void Extend(KvSequence sequence, int[] kinds)
    {
        for (int page = sequence.Length / PageLength; page < kinds.Length; page++)
        {
            sequence.Reserve(PageLength);
            Content(sequence, page)[0] = Beginning(kinds, page);
            sequence.Append(Tokens([kinds[page]]));
        }
    }

    private static Span<long> Content(KvSequence sequence, int page) => sequence.Buffers[page].Span<long>(0, 1);

    private static long Beginning(int[] kinds, int page) =>
        kinds.Take(page + 1).Aggregate(1L, (text, kind) => (text * 10) + kind);
}
