namespace Chaku.Training.Datasets;

/// <summary>Sequences to be learnt or to be held out.</summary>
/// <param name="Sequences">In the data set's order.</param>
internal sealed record TrainingSet(IReadOnlyList<TrainingSequence> Sequences)
{
    /// <summary>Tokens in all.</summary>
    public long TokenCount { get; } = Sequences.Sum(sequence => (long)sequence.Tokens.Length);

    /// <summary>Tokens that are targets.</summary>
    public long TrainedTokenCount { get; } = Sequences.Sum(sequence => (long)sequence.TrainedCount);
}

/// <summary>A record that is not trained on.</summary>
/// <param name="Place">Where it is in its file.</param>
/// <param name="Reason">Why.</param>
internal sealed record DroppedRecord(string Place, string Reason)
{
    /// <summary>The reason without the record's own numbers, to count by.</summary>
    public string Kind { get; init; } = Reason;
}

/// <summary>A data set in a model's tokens.</summary>
/// <param name="RecordCount">Records of the file.</param>
/// <param name="Training">What is learnt.</param>
/// <param name="Validation">What is held out; empty where nothing is asked for.</param>
/// <param name="Dropped">Records, or rests of one, that are in neither.</param>
internal sealed record TrainingData(
    int RecordCount, TrainingSet Training, TrainingSet Validation, IReadOnlyList<DroppedRecord> Dropped)
{
    /// <summary>Records that were mended to make conversations of them, by what was done.</summary>
    public IReadOnlyList<RecordGroup> Changed { get; init; } = [];
}
