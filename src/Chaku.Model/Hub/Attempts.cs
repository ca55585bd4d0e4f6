using System.Globalization;

namespace Chaku.Model.Hub;

/// <summary>Waits between attempts, and gives up where they get nowhere.</summary>
/// <param name="settings">How often and how long.</param>
/// <param name="what">What is attempted, for messages.</param>
/// <param name="consolation">What is said where it is given up, after the number of attempts.</param>
internal sealed class Attempts(DownloadSettings settings, string what, string consolation = "")
{
    private int _failures;
    private long _progress;

    /// <summary>Notes bytes that came; enough of them start the count again.</summary>
    public void Advance(long byteLength)
    {
        _progress += byteLength;
        if (_progress >= settings.ProgressByteLength)
        {
            _failures = 0;
            _progress = 0;
        }
    }

    /// <summary>
    /// Waits after a failure: as long as the server asks for, within bounds, else twice as long each time.
    /// </summary>
    /// <exception cref="HubException">It failed too often without progress.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task WaitAsync(ConnectionException failure, CancellationToken cancellation)
    {
        if (++_failures >= Math.Min(settings.AttemptCount, failure.MostAttempts))
        {
            throw new HubException(string.Create(
                CultureInfo.InvariantCulture,
                $"{what}: {failure.Message}; given up after {_failures} attempts without progress{consolation}"),
                failure);
        }

        TimeSpan wait = failure.RetryAfter is { } asked
            ? Least(asked, settings.LongestAskedWait)
            : Least(settings.FirstWait * Math.Pow(2, _failures - 1), settings.LongestWait);
        string askedFor = failure.RetryAfter > wait
            ? string.Create(
                CultureInfo.InvariantCulture, $" of the {failure.RetryAfter.Value.TotalSeconds:0} s asked for")
            : "";
        settings.Notice(string.Create(
            CultureInfo.InvariantCulture, $"{what}: {failure.Message}; again in {wait.TotalSeconds:0.#} s{askedFor}"));
        await Task.Delay(wait, settings.Clock, cancellation);
    }

    /// <summary>Attempts something until it succeeds or is given up.</summary>
    /// <exception cref="HubException">It was refused, or failed too often.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> attempt, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return await attempt();
            }
            catch (ConnectionException failure)
            {
                await WaitAsync(failure, cancellation);
            }
        }
    }

    private static TimeSpan Least(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
