using Chaku.Kernels.Cache;
using Chaku.Kernels.Ops;
using Chaku.Kernels.Tests.Cache;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Ops;

public sealed class SelfAttentionTests
{
    // Heads, KV heads and head size: one, grouped, all on one.
    public static TheoryData<int, int, int> Heads => new()
    {
        { 2, 2, 8 }, { 4, 2, 16 }, { 6, 2, 20 }, { 3, 1, 64 }, { 7, 1, 80 }, { 1, 1, 20 },
    };

    public static TheoryData<string> FormatNames => [.. KvFormats.All.Select(format => format.Name)];

    [Theory]
    [MemberData(nameof(Heads))]
    public void Forward_is_the_formula_in_double_precision(int heads, int kvHeads, int headSize)
    {
        using ComputePool pool = new(2);
        foreach (KvFormat format in KvFormats.All)
        {
            AttentionConfig config = new(heads, kvHeads, KvFormatsTests.Fit(format, headSize), format);
            using AttentionInputs inputs = new(config, length: 67, seed: headSize);
            NaiveAttention naive = inputs.Naive();
            double relative = Tolerances.SoftMaxAverage(config.HeadSize, 67, naive.ScoreMagnitude());
            double bound = relative * naive.V.Max(Math.Abs);
            Compare.Close(naive.Outputs(), inputs.Forward(pool, [67]), bound, $"{config}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(128)]
    [InlineData(130)]
    public void Lengths_around_a_page_are_the_formula_in_double_precision(int length)
    {
        using ComputePool pool = new(1);
        AttentionConfig config = new(2, 1, 8, KvFormats.F32);
        using AttentionInputs inputs = new(config, length, seed: length);
        NaiveAttention naive = inputs.Naive();
        float[] y = new float[inputs.Queries.Length];
        float[] logSums = new float[length * 2];
        SelfAttention.Forward(pool, config.Shape, [inputs.Write(0, length, 0)], inputs.Queries, y, logSums);
        double relative = Tolerances.SoftMaxAverage(8, length, naive.ScoreMagnitude());
        Compare.Close(naive.Outputs(), y, relative * naive.V.Max(Math.Abs), $"length {length}");
        Compare.Close(naive.LogSums(), logSums, relative, $"log-sums of length {length}");
    }

    [Theory]
    [MemberData(nameof(FormatNames))]
    public void One_prefill_equals_chunks_equals_token_by_token_on_any_threads(string name)
    {
        const int Length = 131;
        KvFormat format = KvFormats.All.Single(entry => entry.Name == name);
        foreach ((int heads, int kvHeads, int headSize) in new[] { (4, 2, 8), (3, 1, 20), (19, 1, 8) })
        {
            AttentionConfig config = new(heads, kvHeads, KvFormatsTests.Fit(format, headSize), format);
            using AttentionInputs inputs = new(config, Length, seed: 11);
            using ComputePool one = new(1);
            using ComputePool two = new(2);
            using ComputePool three = new(3);
            float[] expected = inputs.Forward(one, [Length]);
            Assert.DoesNotContain(expected, float.IsNaN);
            Compare.Bits(expected, inputs.Forward(two, [Length]), "two threads");
            Compare.Bits(expected, inputs.Forward(three, [Length]), "three threads");
            foreach (int chunk in new[] { 1, 5, 32, 63, 64, 65 })
            {
                Compare.Bits(expected, inputs.Forward(two, Chunks(Length, chunk)), $"chunks of {chunk}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(FormatNames))]
    public void A_sequence_alone_equals_itself_in_a_batch(string name)
    {
        KvFormat format = KvFormats.All.Single(entry => entry.Name == name);
        AttentionConfig config = new(4, 2, KvFormatsTests.Fit(format, 20), format);
        int[] starts = [0, 60, 127, 3, 0];
        int[] counts = [70, 9, 1, 20, 0];
        AttentionInputs[] sequences =
            [.. starts.Zip(counts, (start, count) => new AttentionInputs(config, start + count, seed: start + count))];
        using ComputePool one = new(1);
        using ComputePool three = new(3);
        float[][] alone = [.. sequences.Select(inputs => inputs.Forward(one, [inputs.Length]))];
        foreach (AttentionInputs inputs in sequences)
        {
            inputs.Forget();
        }

        // The batch's rows are not in the order of its segments.
        int[] firstRows = [30, 0, 9, 10, 100];
        float[] q = new float[100 * config.QueryWidth];
        KvSpan[] spans = new KvSpan[sequences.Length];
        for (int i = 0; i < spans.Length; i++)
        {
            sequences[i].Write(0, starts[i], firstRow: 0);
            spans[i] = sequences[i].Write(starts[i], counts[i], firstRows[i]);
            sequences[i].Queries.AsSpan(starts[i] * config.QueryWidth)
                .CopyTo(q.AsSpan(firstRows[i] * config.QueryWidth));
        }

        float[] y = new float[q.Length];
        SelfAttention.Forward(three, config.Shape, spans, q, y, []);
        for (int i = 0; i < spans.Length; i++)
        {
            Compare.Bits(
                alone[i].AsSpan(starts[i] * config.QueryWidth),
                y.AsSpan(firstRows[i] * config.QueryWidth, counts[i] * config.QueryWidth),
                $"sequence {i}");
            sequences[i].Dispose();
        }
    }

    [Fact]
    public void Later_positions_in_the_cache_change_nothing()
    {
        AttentionConfig config = new(2, 1, 16, KvFormats.F32);
        using AttentionInputs inputs = new(config, 100, seed: 5);
        using ComputePool pool = new(2);
        float[] expected = inputs.Forward(pool, [100])[..(70 * config.QueryWidth)];
        float[] y = new float[70 * config.QueryWidth];
        KvSpan first = new(inputs.Pages, 0, 0, 70);
        SelfAttention.Forward(pool, config.Shape, [first], inputs.Queries.AsSpan(0, y.Length), y, []);
        Compare.Bits(expected, y);
    }

    [Fact]
    public void Large_scores_neither_overflow_nor_vanish()
    {
        AttentionConfig config = new(1, 1, 8, KvFormats.F32);
        using AttentionInputs inputs = new(config, 70, seed: 5);
        for (int i = 0; i < inputs.Queries.Length; i++)
        {
            inputs.Queries[i] *= 1000;
        }

        using ComputePool pool = new(1);
        NaiveAttention naive = inputs.Naive();
        float[] y = inputs.Forward(pool, [70]);
        Assert.All(y, value => Assert.InRange(Math.Abs(value), 0, naive.V.Max(Math.Abs)));
    }

    [Theory]
    [InlineData(65, 64, 4, 2)]
    [InlineData(64, 60, 4, 2)]
    [InlineData(60, 60, 4, 2)]
    [InlineData(64, 64, 3, 2)]
    [InlineData(64, 64, 4, 3)]
    public void Lengths_that_disagree_are_refused(int qLength, int yLength, int logSumCount, int heads)
    {
        AttentionConfig config = new(heads, 2, 16, KvFormats.F32);
        using ComputePool pool = new(1);
        Assert.Throws<ArgumentException>(() => SelfAttention.Forward(
            pool, config.Shape, [], new float[qLength], new float[yLength], new float[logSumCount]));
    }

    private static int[] Chunks(int length, int chunk) =>
        [.. Enumerable.Range(0, (length + chunk - 1) / chunk).Select(i => Math.Min(chunk, length - (i * chunk)))];
}
