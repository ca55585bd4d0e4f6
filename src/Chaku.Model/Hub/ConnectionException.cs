namespace Chaku.Model.Hub;

/// <summary>A request failed in a way that another attempt may not: a cut, a stall, a busy server.</summary>
/// <param name="message">What happened.</param>
/// <param name="retryAfter">How long the server asks to wait; null where it does not say.</param>
/// <param name="innerException">What led to it; may be null.</param>
internal sealed class ConnectionException(
    string message, TimeSpan? retryAfter = null, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>How long the server asks to wait; null where it does not say.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>Attempts without progress that it is worth, the failed ones among them.</summary>
    public int MostAttempts { get; init; } = int.MaxValue;
}

/// <summary>The server answers a part of a file with all of it.</summary>
internal sealed class RangeIgnoredException : Exception;
