using System.Diagnostics;
using Chaku.Model.Files;

namespace Chaku.Training.Runs;

/// <summary>
/// Writes a run's checkpoints when they are due. A disk that takes none does not end the run: it is said, and the older
/// checkpoint stays.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="identity">What run it is.</param>
/// <param name="options">When they are due.</param>
/// <param name="warn">Told what went wrong.</param>
internal sealed class CheckpointWriter(
    string path, RunIdentity identity, CheckpointOptions options, Action<string> warn)
{
    // Writing takes at most this share of the time.
    private const int LeastIdleRatio = 20;

    private readonly RunIdentity _identity = identity.OnThisProcessor();
    private long _last = Stopwatch.GetTimestamp();
    private TimeSpan _cost;
    private bool _hasFailed;

    /// <summary>Whether one is due behind a step.</summary>
    public bool IsDue(long step)
    {
        TimeSpan idle = Stopwatch.GetElapsedTime(_last);
        return (options.Steps is { } steps && step % steps == 0)
            || (idle >= options.Interval && idle >= LeastIdleRatio * _cost);
    }

    /// <summary>Writes one.</summary>
    /// <param name="state">How far the run is.</param>
    /// <param name="tensors">The numbers.</param>
    /// <returns>Whether it is there.</returns>
    public bool TryWrite(RunState state, IReadOnlyList<SavedTensor> tensors)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            Checkpoint.Write(path, _identity, state, tensors);
            if (_hasFailed)
            {
                warn($"checkpoints are written again, the last behind step {state.StepsDone}");
            }

            _hasFailed = false;
            return true;
        }
        catch (Exception exception) when (AtomicFile.Describe(exception) is { } reason)
        {
            if (!_hasFailed)
            {
                warn(
                    $"no checkpoint behind step {state.StepsDone}: {reason}; the run goes on, but if it is killed, " +
                    $"{(File.Exists(path) ? "it goes on from an older checkpoint" : "it has to begin again")}");
            }

            _hasFailed = true;
            return false;
        }
        finally
        {
            _last = Stopwatch.GetTimestamp();
            _cost = Stopwatch.GetElapsedTime(start);
        }
    }

    /// <summary>Takes away the checkpoint of a run that is over.</summary>
    public void Delete()
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Its folder may never have been made.
            if (File.Exists(path))
            {
                warn($"{path} is of no use any more, but cannot be deleted: {exception.Message}");
            }
        }
    }
}
