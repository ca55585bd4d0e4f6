namespace Chaku.Model.Hub;

/// <summary>Adds up what several downloads have, for one report.</summary>
/// <param name="byteLength">Bytes in all.</param>
/// <param name="report">
/// Told, by one thread at a time, bytes done, bytes in all, and what is done now; may be null.
/// </param>
internal sealed class PullProgress(long byteLength, Action<long, long, string>? report)
{
    private readonly Lock _lock = new();
    private long _done;

    /// <summary>Notes bytes that came, or, below zero, that must come again.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="state">What is done now, for the person who waits.</param>
    public void Add(long bytes, string state)
    {
        lock (_lock)
        {
            _done += bytes;
            report?.Invoke(_done, byteLength, state);
        }
    }
}
