using Chaku.Kernels.Cache;
using Chaku.Kernels.Ops;
using Chaku.Kernels.Tests.Cache;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Tests.Ops;

public sealed class SelfAttentionBackwardTests
{
    // Derivatives of all inputs where they are few, of some where a sequence spans pages.
    private const int DerivativesPerTensor = 60;

    public static TheoryData<int, int, int> Heads => new()
    {
        { 2, 2, 8 }, { 4, 2, 8 }, { 4, 1, 20 }, { 3, 1, 16 }, { 1, 1, 64 },
    };

    public static TheoryData<int> Lengths => [1, 2, 16, 17, 63, 64, 65, 90];

    [Theory]
    [MemberData(nameof(Heads))]
    public void Gradients_of_several_sequences_are_the_derivatives(int heads, int kvHeads, int headSize)
    {
        foreach (KvFormat format in KvFormats.All)
        {
            AttentionConfig config = new(heads, kvHeads, KvFormatsTests.Fit(format, headSize), format);
            int count = config.HeadSize == headSize ? int.MaxValue : DerivativesPerTensor;
            CheckDerivatives(config, [3, 1, 7], derivativesPerTensor: count);
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Gradients_around_pages_are_the_derivatives(int length) =>
        CheckDerivatives(new AttentionConfig(2, 1, 8, KvFormats.F32), [length, 5], DerivativesPerTensor);

    [Theory]
    [InlineData(0, 4f, false)]
    [InlineData(0, 0f, true)]
    [InlineData(1, 0f, false)]
    [InlineData(5, 0f, true)]
    [InlineData(16, 2f, false)]
    [InlineData(64, 3f, false)]
    [InlineData(64, 0f, true)]
    [InlineData(65, 0f, false)]
    public void Gradients_with_window_cap_and_slopes_are_the_derivatives(int window, float cap, bool hasSlopes)
    {
        AttentionConfig config = new(4, 2, 8, KvFormats.F32)
        {
            Window = window,
            SoftCap = cap,
            Slopes = hasSlopes ? AlibiSlopes.For(4, 8) : [],
        };
        CheckDerivatives(config, [3, 9], derivativesPerTensor: int.MaxValue);
        CheckDerivatives(config, [5, 130], derivativesPerTensor: 6);
    }

    [Fact]
    public void Bits_depend_on_neither_threads_nor_the_batch()
    {
        AttentionConfig config = new(4, 2, 20, KvFormats.F16);
        Gradients together = Gradients.Of(config, [20, 70], threads: 1);
        Gradients onThree = Gradients.Of(config, [20, 70], threads: 3);
        Compare.Bits(together.Dq, onThree.Dq, "dq");
        Compare.Bits(together.Dk, onThree.Dk, "dk");
        Compare.Bits(together.Dv, onThree.Dv, "dv");
        Gradients alone = Gradients.Of(config, [20], threads: 2);
        Compare.Bits(alone.Dq, together.Dq.AsSpan(0, alone.Dq.Length), "dq alone");
        Compare.Bits(alone.Dk, together.Dk.AsSpan(0, alone.Dk.Length), "dk alone");
        Compare.Bits(alone.Dv, together.Dv.AsSpan(0, alone.Dv.Length), "dv alone");
    }

    [Fact]
    public void Queries_of_some_rows_give_the_bits_of_zero_gradients_in_the_others()
    {
        AttentionConfig config = new(4, 2, 16, KvFormats.F32);
        Gradients zeros = Gradients.Of(config, [20, 150], threads: 1, Learnt, leavesOut: false);
        Gradients parts = Gradients.Of(config, [20, 150], threads: 2, Learnt, leavesOut: true);
        Compare.Bits(zeros.Dq, parts.Dq, "dq");
        Compare.Bits(zeros.Dk, parts.Dk, "dk");
        Compare.Bits(zeros.Dv, parts.Dv, "dv");

        static KvSpan[] Learnt(KvSpan[] spans) =>
        [
            spans[0] with { Start = 3, FirstRow = 3, RowCount = 5 },
            spans[1] with { Start = 0, FirstRow = 20, RowCount = 2 },
            spans[1] with { Start = 70, FirstRow = 90, RowCount = 80 },
        ];
    }

    [Fact]
    public void A_sequence_that_began_before_the_batch_is_refused()
    {
        AttentionConfig config = new(1, 1, 8, KvFormats.F32);
        using AttentionInputs inputs = new(config, 3, seed: 1);
        using ComputePool pool = new(1);
        KvSpan span = inputs.Write(1, 2, 0);
        float[] rows = new float[16];
        Assert.Throws<ArgumentException>(() => SelfAttentionBackward.Run(
            pool,
            config.Shape,
            [span],
            [span],
            rows,
            rows,
            new float[2],
            rows,
            new float[16],
            new float[16],
            new float[16]));
    }

    private static void CheckDerivatives(AttentionConfig config, int[] lengths, int derivativesPerTensor)
    {
        Gradients actual = Gradients.Of(config, lengths, threads: 2);
        int row = 0;
        foreach ((int length, int i) in lengths.Select((length, i) => (length, i)))
        {
            using AttentionInputs inputs = new(config, length, seed: 100 * i);
            NaiveAttention naive = inputs.Naive();
            float[] dy = Gradients.Dy(config, length, i);
            foreach ((string name, double[] tensor, float[] gradients, int width) in new[]
            {
                ("dq", naive.Q, actual.Dq, config.QueryWidth),
                ("dk", naive.K, actual.Dk, config.KvWidth),
                ("dv", naive.V, actual.Dv, config.KvWidth),
            })
            {
                int[] elements = [.. Enumerable.Range(0, tensor.Length)];
                new Random(length).Shuffle(elements);
                elements = elements[..Math.Min(derivativesPerTensor, tensor.Length)];
                double[] expected = CentralDifferences.At(tensor, () => naive.Loss(dy), elements);
                float[] own = [.. elements.Select(element => gradients[(row * width) + element])];
                Compare.Gradients(expected, own, $"{name} of sequence {i}, {length} long, {config}");
            }

            row += length;
        }
    }

    private sealed record Gradients(float[] Dq, float[] Dk, float[] Dv)
    {
        public static float[] Dy(AttentionConfig config, int length, int sequence) =>
            Values.Normal((100 * sequence) + 50, length * config.QueryWidth);

        /// <summary>Forward and backward of sequences in one batch; everything overwritten begins as NaN.</summary>
        public static Gradients Of(
            AttentionConfig config,
            int[] lengths,
            int threads,
            Func<KvSpan[], KvSpan[]>? select = null,
            bool leavesOut = false)
        {
            AttentionInputs[] sequences =
                [.. lengths.Select((length, i) => new AttentionInputs(config, length, seed: 100 * i))];
            int rowCount = lengths.Sum();
            KvSpan[] spans = new KvSpan[lengths.Length];
            int row = 0;
            for (int i = 0; i < spans.Length; row += lengths[i], i++)
            {
                spans[i] = sequences[i].Write(0, lengths[i], row);
            }

            KvSpan[]? parts = select?.Invoke(spans);
            float[] q = [.. sequences.SelectMany(inputs => inputs.Queries)];
            float[] dy = [.. lengths.SelectMany((length, i) => Dy(config, length, i))];
            float[] y = new float[q.Length];
            float[] logSums = new float[rowCount * config.Heads];
            float[] dq = [.. Enumerable.Repeat(float.NaN, q.Length)];
            float[] dk = [.. Enumerable.Repeat(float.NaN, rowCount * config.KvWidth)];
            float[] dv = [.. dk];
            for (int i = 0; i < dy.Length && parts is not null; i++)
            {
                int at = i / config.QueryWidth;
                dy[i] = parts.Any(part => at >= part.FirstRow && at < part.FirstRow + part.RowCount) ? dy[i] : 0;
            }

            using ComputePool pool = new(threads);
            SelfAttention.Forward(pool, config.Shape, spans, q, y, logSums);
            ReadOnlySpan<KvSpan> queries = leavesOut ? parts : spans;
            SelfAttentionBackward.Run(pool, config.Shape, spans, queries, q, y, logSums, dy, dq, dk, dv);
            Array.ForEach(sequences, inputs => inputs.Dispose());
            return new Gradients(dq, dk, dv);
        }
    }
}
