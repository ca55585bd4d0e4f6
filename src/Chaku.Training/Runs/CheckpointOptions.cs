namespace Chaku.Training.Runs;

/// <summary>When checkpoints are written. It changes nothing in what a run gives.</summary>
internal sealed record CheckpointOptions
{
    /// <summary>The time from one to the next, where none is given.</summary>
    public static readonly TimeSpan DefaultInterval = TimeSpan.FromMinutes(2);

    /// <summary>The time from one to the next; longer where writing one takes long.</summary>
    public TimeSpan Interval { get; init; } = DefaultInterval;

    /// <summary>Steps from one to the next as well; null for the time alone.</summary>
    public long? Steps { get; init; }

    /// <summary>Drops a checkpoint that is there already, and begins again.</summary>
    public bool Restarts { get; init; }
}
