using Chaku.Kernels.Cache;
using Chaku.Kernels.Ops;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Ops;

/// <summary>Attention with a window, a soft cap, slopes.</summary>
public sealed class AttentionScoresTests
{
    private static readonly AttentionConfig Plain = new(4, 2, 20, KvFormats.F32);

    private static readonly AttentionConfig[] Configs =
    [
        Plain with { Window = 7 },
        Plain with { SoftCap = 3 },
        Plain with { Slopes = AlibiSlopes.For(4, 8) },
        Plain with { Window = 65, SoftCap = 5, Format = KvFormats.F16 },
        Plain with { Slopes = [0.7f, 0.5f, 0.3f, 0.01f], RoundedBiasFactor = 0.25f },
        new(3, 1, 8, KvFormats.F16) { Window = 64, Slopes = AlibiSlopes.For(3, 8) },
    ];

    public static TheoryData<int> Numbers => [.. Enumerable.Range(0, Configs.Length)];

    public static TheoryData<int> Windows => [1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 130, 1000, int.MaxValue];

    [Theory]
    [MemberData(nameof(Numbers))]
    public void Forward_is_the_formula_in_double_precision(int number) => CheckForward(Configs[number], 140);

    [Theory]
    [MemberData(nameof(Windows))]
    public void Windows_around_pages_are_the_formula_in_double_precision(int window) =>
        CheckForward(new AttentionConfig(2, 1, 8, KvFormats.F32) { Window = window }, 200);

    [Theory]
    [MemberData(nameof(Numbers))]
    public void One_prefill_equals_chunks_equals_token_by_token_on_any_threads(int number)
    {
        const int Length = 150;
        using AttentionInputs inputs = new(Configs[number], Length, seed: number);
        using ComputePool one = new(1);
        using ComputePool three = new(3);
        float[] expected = inputs.Forward(one, [Length]);
        Assert.DoesNotContain(expected, float.IsNaN);
        Compare.Bits(expected, inputs.Forward(three, [Length]), "three threads");
        foreach (int chunk in new[] { 1, 5, 63, 64, 65 })
        {
            int[] chunks = [.. Enumerable.Range(0, Length).Chunk(chunk).Select(part => part.Length)];
            Compare.Bits(expected, inputs.Forward(three, chunks), $"chunks of {chunk}");
        }
    }

    [Theory]
    [MemberData(nameof(Numbers))]
    public void A_sequence_alone_equals_itself_in_a_batch(int number)
    {
        AttentionConfig config = Configs[number];
        using AttentionInputs first = new(config, 90, seed: 1);
        using AttentionInputs second = new(config, 130, seed: 2);
        using ComputePool pool = new(2);
        float[] expected = second.Forward(pool, [130]);
        second.Write(0, 100, firstRow: 0);
        KvSpan[] spans = [first.Write(0, 90, firstRow: 0), second.Write(100, 30, firstRow: 90)];
        float[] q = [.. first.Queries, .. second.Queries.AsSpan(100 * config.QueryWidth)];
        float[] y = new float[q.Length];
        SelfAttention.Forward(pool, config.Shape, spans, q, y, []);
        Compare.Bits(expected.AsSpan(100 * config.QueryWidth), y.AsSpan(90 * config.QueryWidth));
    }

    [Fact]
    public void A_window_that_sees_all_changes_no_bit()
    {
        using ComputePool pool = new(2);
        using AttentionInputs inputs = new(Plain, 140, seed: 3);
        using AttentionInputs windowed = new(Plain with { Window = 140 }, 140, seed: 3);
        Compare.Bits(inputs.Forward(pool, [140]), windowed.Forward(pool, [140]));
    }

    [Fact]
    public void Keys_before_the_window_enter_nothing()
    {
        AttentionConfig config = Plain with { Window = 70 };
        using ComputePool pool = new(1);
        using AttentionInputs inputs = new(config, 200, seed: 4);
        float[] expected = inputs.Forward(pool, [200]);

        // Every bit of page 0 is set: position 199 sees 130 to 199, and 150 sees 81 on.
        inputs.Pages[0].Span<byte>(0, checked((int)inputs.Pages[0].ByteLength)).Fill(0xFF);
        foreach (int start in new[] { 199, 133 })
        {
            KvSpan span = inputs.Write(start, 200 - start, firstRow: 0);
            float[] y = new float[(200 - start) * config.QueryWidth];
            ReadOnlySpan<float> q = inputs.Queries.AsSpan(start * config.QueryWidth);
            SelfAttention.Forward(pool, config.Shape, [span], q, y, []);
            Compare.Bits(expected.AsSpan(start * config.QueryWidth), y, $"from {start}");
        }
    }

    [Fact]
    public void Pages_before_the_window_are_not_read()
    {
        AttentionConfig config = Plain with { Window = 70 };
        using ComputePool pool = new(1);
        using AttentionInputs inputs = new(config, 200, seed: 4);
        float[] expected = inputs.Forward(pool, [200]);
        KvSpan span = inputs.Write(140, 60, firstRow: 0);
        span = span with { Pages = [null!, .. inputs.Pages[1..]] };
        float[] y = new float[60 * config.QueryWidth];
        SelfAttention.Forward(pool, config.Shape, [span], inputs.Queries.AsSpan(140 * config.QueryWidth), y, []);
        Compare.Bits(expected.AsSpan(140 * config.QueryWidth), y);
    }

    [Fact]
    public void Far_positions_keep_their_bias_exact()
    {
        // Two keys side by side at a long sequence's end: their bias differs by a slope, however far the beginning.
        AttentionConfig config = new(1, 1, 8, KvFormats.F32) { Slopes = [0.5f] };
        using ComputePool pool = new(1);
        using AttentionInputs inputs = new(config, 700, seed: 5);
        float[] y = inputs.Forward(pool, [700]);
        NaiveAttention naive = inputs.Naive();
        double relative = Tolerances.SoftMaxAverage(8, 64, naive.ScoreMagnitude());
        Compare.Close(naive.Outputs(), y, relative * naive.V.Max(Math.Abs));
    }

    [Theory]
    [InlineData(-1, 0f, 0)]
    [InlineData(0, -1f, 0)]
    [InlineData(0, 0f, 3)]
    [InlineData(0, 1f, 4)]
    public void Options_that_make_no_sense_are_refused(int window, float cap, int slopes)
    {
        AttentionConfig config = Plain with { Window = window, SoftCap = cap, Slopes = new float[slopes] };
        using ComputePool pool = new(1);
        Assert.ThrowsAny<ArgumentException>(
            () => SelfAttention.Forward(pool, config.Shape, [], new float[80], new float[80], []));
    }

    private static void CheckForward(AttentionConfig config, int length)
    {
        using ComputePool pool = new(2);
        using AttentionInputs inputs = new(config, length, seed: length);
        NaiveAttention naive = inputs.Naive();
        float[] y = new float[inputs.Queries.Length];
        float[] logSums = new float[length * config.Heads];
        SelfAttention.Forward(pool, config.Shape, [inputs.Write(0, length, 0)], inputs.Queries, y, logSums);
        double relative = Tolerances.SoftMaxAverage(config.HeadSize, length, naive.ScoreMagnitude());
        Compare.Close(naive.Outputs(), y, relative * naive.V.Max(Math.Abs), $"{config}");
        Compare.Close(naive.LogSums(), logSums, relative, $"log-sums, {config}");
    }
}
