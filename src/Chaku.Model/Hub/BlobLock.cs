namespace Chaku.Model.Hub;

/// <summary>
/// Keeps a blob of the cache to one process at a time; the system gives it back however the process ends.
/// </summary>
/// <remarks>
/// The place and the kind (<c>flock</c>) are those of huggingface_hub, so that its downloads are waited for too. The
/// file stays: taking it away would let two processes hold locks on different files of the same name.
/// </remarks>
internal static class BlobLock
{
    private const int LinuxWouldBlock = 11;
    private const int DarwinWouldBlock = 35;
    private const int WindowsSharingViolation = unchecked((int)0x80070020);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Takes the lock, waiting for others.</summary>
    /// <param name="path">The lock's file; its folder is made.</param>
    /// <param name="waits">Called once where somebody else has it.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>What gives it back.</returns>
    /// <exception cref="IOException">The file cannot be made.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async Task<IDisposable> TakeAsync(string path, Action waits, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        for (bool isFirst = true; ; isFirst = false)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            }
            catch (IOException exception) when (
                exception.HResult is LinuxWouldBlock or DarwinWouldBlock or WindowsSharingViolation)
            {
                if (isFirst)
                {
                    waits();
                }
            }

            await Task.Delay(Pause, cancellation);
        }
    }
}
