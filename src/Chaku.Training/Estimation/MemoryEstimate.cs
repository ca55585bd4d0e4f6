namespace Chaku.Training.Estimation;

/// <summary>Memory that a training run holds at its peak, in bytes, by part.</summary>
internal sealed record MemoryEstimate
{
    /// <summary>The model: its files' pages, and weights that are copied out of them.</summary>
    public long ModelBytes { get; init; }

    /// <summary>What is trained, and its gradients; of a model that is trained whole, the gradients alone.</summary>
    public long TrainedBytes { get; init; }

    /// <summary>The optimiser's running means.</summary>
    public long OptimiserBytes { get; init; }

    /// <summary>What the forward keeps for the backward.</summary>
    public long ActivationBytes { get; init; }

    /// <summary>Buffers of the layer that is at work.</summary>
    public long BufferBytes { get; init; }

    /// <summary>Logits of the rows that are at work.</summary>
    public long LogitBytes { get; init; }

    /// <summary>Keys and values.</summary>
    public long CacheBytes { get; init; }

    /// <summary>The program itself, and the data in the model's tokens.</summary>
    public long ProgramBytes { get; init; }

    /// <summary>The most that the process has held before; at least this is the peak.</summary>
    public long PeakBeforeBytes { get; init; }

    /// <summary>The peak.</summary>
    public long TotalBytes => Math.Max(PeakBeforeBytes, Parts.Sum(part => part.Bytes));

    /// <summary>The parts, each with its name.</summary>
    public IReadOnlyList<(string Name, long Bytes)> Parts =>
    [
        ("model", ModelBytes),
        ("trained", TrainedBytes),
        ("optimiser", OptimiserBytes),
        ("activations", ActivationBytes),
        ("buffers", BufferBytes),
        ("logits", LogitBytes),
        ("cache", CacheBytes),
        ("program", ProgramBytes),
    ];
}
