using Chaku.Kernels.Ops;

namespace Chaku.Training.Datasets;

/// <summary>
/// Which sequences each step learns from: a function of sequences, sizes and seed alone, so that a run can go on at any
/// step. Every epoch has every sequence once, in an order of its own; a step may end one epoch and begin the next.
/// </summary>
/// <remarks>
/// Sequences of a micro-batch are packed side by side without padding, in their order, until the next does not fit.
/// </remarks>
internal sealed class BatchPlan
{
    private const ulong ShuffleStream = 0x5348_5546_464C_4531;
    private const int SequencesPerContext = 16;

    private readonly IReadOnlyList<TrainingSequence> _sequences;
    private readonly int _accumulation;
    private readonly ulong _seed;

    // The first micro-batch of each epoch, counted from the run's beginning; the last entry begins the next epoch.
    private readonly List<long> _epochStarts = [0];
    private long _packedEpoch = -1;
    private List<IReadOnlyList<TrainingSequence>> _packed = [];

    /// <summary>A plan.</summary>
    /// <param name="sequences">At least one; none longer than the context.</param>
    /// <param name="contextLength">Tokens of a sequence at most.</param>
    /// <param name="batchSize">Contexts that a micro-batch has room for.</param>
    /// <param name="accumulation">Micro-batches of a step.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="isPacked">
    /// Whether a micro-batch holds what fits; else it holds no more sequences than contexts.
    /// </param>
    public BatchPlan(
        IReadOnlyList<TrainingSequence> sequences,
        int contextLength,
        int batchSize,
        int accumulation,
        ulong seed,
        bool isPacked = true)
    {
        ArgumentOutOfRangeException.ThrowIfZero(sequences.Count, nameof(sequences));
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(accumulation, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            sequences.Max(sequence => sequence.Tokens.Length), contextLength, nameof(sequences));
        _sequences = sequences;
        _accumulation = accumulation;
        _seed = seed;
        TokenCapacity = (int)Math.Min((long)contextLength * batchSize, int.MaxValue);
        SequenceCapacity = (int)Math.Min((isPacked ? (long)SequencesPerContext : 1) * batchSize, int.MaxValue);
    }

    /// <summary>Tokens of a micro-batch at most.</summary>
    public int TokenCapacity { get; }

    /// <summary>Sequences of a micro-batch at most: each takes whole pages of the cache, however short it is.</summary>
    public int SequenceCapacity { get; }

    /// <summary>Steps that one epoch takes, the last perhaps with part of the next epoch.</summary>
    public long StepsPerEpoch => (EpochStart(1) + _accumulation - 1) / _accumulation;

    /// <summary>The micro-batches of a step.</summary>
    /// <param name="step">Steps before it.</param>
    public IReadOnlyList<IReadOnlyList<TrainingSequence>> Step(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        IReadOnlyList<TrainingSequence>[] microBatches = new IReadOnlyList<TrainingSequence>[_accumulation];
        for (int i = 0; i < _accumulation; i++)
        {
            microBatches[i] = MicroBatch(checked((step * _accumulation) + i));
        }

        return microBatches;
    }

    /// <summary>How often every sequence has been seen before a step; the fraction is the part of the epoch.</summary>
    public double EpochsBefore(long step)
    {
        long number = checked(step * _accumulation);
        long epoch = EpochOf(number);
        return epoch + ((number - EpochStart(epoch)) / (double)(EpochStart(epoch + 1) - EpochStart(epoch)));
    }

    private IReadOnlyList<TrainingSequence> MicroBatch(long number)
    {
        long epoch = EpochOf(number);
        return Packed(epoch)[(int)(number - EpochStart(epoch))];
    }

    private long EpochOf(long microBatch)
    {
        while (_epochStarts[^1] <= microBatch)
        {
            EpochStart(_epochStarts.Count);
        }

        int found = _epochStarts.BinarySearch(microBatch);
        return found >= 0 ? found : ~found - 1;
    }

    private long EpochStart(long epoch)
    {
        while (_epochStarts.Count <= epoch)
        {
            _epochStarts.Add(_epochStarts[^1] + Packed(_epochStarts.Count - 1).Count);
        }

        return _epochStarts[(int)epoch];
    }

    private List<IReadOnlyList<TrainingSequence>> Packed(long epoch)
    {
        if (_packedEpoch != epoch)
        {
            _packed = Pack(Shuffled(epoch));
            _packedEpoch = epoch;
        }

        return _packed;
    }

    // Fisher and Yates's shuffle.
    private TrainingSequence[] Shuffled(long epoch)
    {
        TrainingSequence[] order = [.. _sequences];
        ulong stream = CounterRandom.Mix(_seed, ShuffleStream, (ulong)epoch);
        for (int last = order.Length - 1; last > 0; last--)
        {
            int other = (int)(CounterRandom.Mix(stream, (ulong)last, 0) % (ulong)(last + 1));
            (order[last], order[other]) = (order[other], order[last]);
        }

        return order;
    }

    private List<IReadOnlyList<TrainingSequence>> Pack(TrainingSequence[] order)
    {
        List<IReadOnlyList<TrainingSequence>> microBatches = [];
        List<TrainingSequence> current = [];
        long tokenCount = 0;
        foreach (TrainingSequence sequence in order)
        {
            if (tokenCount + sequence.Tokens.Length > TokenCapacity || current.Count == SequenceCapacity)
            {
                microBatches.Add(current);
                current = [];
                tokenCount = 0;
            }

            current.Add(sequence);
            tokenCount += sequence.Tokens.Length;
        }

        microBatches.Add(current);
        return microBatches;
    }
}
