using Chaku.Training.Datasets;
using CsCheck;

namespace Chaku.Training.Tests.Datasets;

public sealed class BatchPlanTests
{
    private static readonly Gen<int[]> Lengths = Gen.Int[2, 32].Array[1, 60];

    [Fact]
    public void Without_packing_a_batch_counts_records_however_short()
    {
        TrainingSequence[] sequences = [.. Enumerable.Repeat(3, 10).Select(Sequence)];

        BatchPlan plan = new(sequences, 32, batchSize: 4, accumulation: 1, seed: 1, isPacked: false);

        Assert.Equal(3, plan.StepsPerEpoch);
        Assert.Equal([4, 4, 2], Enumerable.Range(0, 3).Select(step => Assert.Single(plan.Step(step)).Count));
    }

    [Fact]
    public void Every_epoch_has_every_sequence_once_in_micro_batches_that_fit() =>
        Gen.Select(Lengths, Gen.Int[1, 4], Gen.ULong).Sample((lengths, batch, seed) =>
        {
            TrainingSequence[] sequences = [.. lengths.Select(Sequence)];
            BatchPlan plan = new(sequences, 32, batch, 1, seed);
            long step = 0;
            for (int epoch = 0; epoch < 3; epoch++)
            {
                List<TrainingSequence> seen = [];
                while (seen.Count < sequences.Length)
                {
                    IReadOnlyList<TrainingSequence> microBatch = Assert.Single(plan.Step(step++));
                    Assert.InRange(microBatch.Sum(sequence => sequence.Tokens.Length), 1, 32 * batch);
                    Assert.InRange(microBatch.Count, 1, plan.SequenceCapacity);
                    seen.AddRange(microBatch);
                }

                Assert.Equal(sequences.ToHashSet(), seen.ToHashSet());
                Assert.Equal(sequences.Length, seen.Count);
                Assert.Equal(epoch + 1, plan.EpochsBefore(step));
            }
        }, iter: 100);

    [Fact]
    public void A_step_is_the_same_whatever_was_asked_before() =>
        Gen.Select(Lengths, Gen.Int[1, 5], Gen.Int[0, 40]).Sample((lengths, accumulation, step) =>
        {
            TrainingSequence[] sequences = [.. lengths.Select(Sequence)];
            BatchPlan onTheWay = new(sequences, 32, 2, accumulation, 3);
            BatchPlan resumed = new(sequences, 32, 2, accumulation, 3);
            for (int before = 0; before < step; before++)
            {
                Assert.Equal(accumulation, onTheWay.Step(before).Count);
            }

            Assert.Equal(onTheWay.Step(step), resumed.Step(step));
            Assert.Equal(onTheWay.Step(0), resumed.Step(0));
        }, iter: 100);

    [Fact]
    public void Orders_differ_between_epochs_and_seeds()
    {
        TrainingSequence[] sequences = [.. Enumerable.Repeat(32, 20).Select(Sequence)];
        BatchPlan plan = new(sequences, 32, 20, 1, 1);
        BatchPlan other = new(sequences, 32, 20, 1, 2);

        TrainingSequence[][] orders =
            [sequences, [.. plan.Step(0)[0]], [.. plan.Step(1)[0]], [.. other.Step(0)[0]]];

        Assert.Equal(1, plan.StepsPerEpoch);
        Assert.Equal(4, orders.Distinct(new SameOrder()).Count());
    }

    [Fact]
    public void A_shuffle_brings_every_sequence_everywhere_alike()
    {
        TrainingSequence[] sequences = [.. Enumerable.Repeat(2, 4).Select(Sequence)];
        BatchPlan plan = new(sequences, 2, 4, 1, 1);
        int[,] counts = new int[4, 4];
        const int Epochs = 4000;
        for (int step = 0; step < Epochs; step++)
        {
            IReadOnlyList<TrainingSequence> order = plan.Step(step)[0];
            for (int place = 0; place < 4; place++)
            {
                counts[place, Array.IndexOf(sequences, order[place])]++;
            }
        }

        // A share of 1/4 of 4,000 has a deviation of 27; 5.5 of them are allowed.
        Assert.All(counts.Cast<int>(), count => Assert.InRange(count, 850, 1150));
    }

    [Fact]
    public void More_room_than_can_be_counted_takes_everything_at_once()
    {
        TrainingSequence[] sequences = [.. Enumerable.Repeat(2, 100).Select(Sequence)];

        BatchPlan plan = new(sequences, int.MaxValue, int.MaxValue, 1, 1);

        Assert.Equal(100, Assert.Single(plan.Step(0)).Count);
    }

    [Fact]
    public void A_sequence_longer_than_the_context_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchPlan([Sequence(33)], 32, 4, 1, 1));

    // Each one's own arrays, so that records of equal length differ.
    private static TrainingSequence Sequence(int length)
    {
        bool[] trained = new bool[length];
        trained[^1] = true;
        return new TrainingSequence(new int[length], trained);
    }

    private sealed class SameOrder : IEqualityComparer<TrainingSequence[]>
    {
        public bool Equals(TrainingSequence[]? x, TrainingSequence[]? y) => x!.SequenceEqual(y!);

        public int GetHashCode(TrainingSequence[] obj) => 0;
    }
}
