namespace Chaku.Training.Runs;

/// <summary>
/// Keeps a run's folder to one process: the system gives it back when the process ends, however it ends.
/// </summary>
internal sealed class RunLock : IDisposable
{
    private const string Name = ".lock";

    private readonly string _folder;
    private readonly bool _isNew;
    private readonly FileStream _file;

    private RunLock(string folder, bool isNew, FileStream file)
    {
        _folder = folder;
        _isNew = isNew;
        _file = file;
    }

    /// <summary>Takes the folder, which is made where it is missing.</summary>
    /// <exception cref="TrainingException">Another run has it.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static RunLock Take(string folder)
    {
        bool isNew = !Directory.Exists(folder);
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, Name);
        try
        {
            return new RunLock(folder, isNew, new FileStream(
                path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose));
        }
        catch (IOException exception) when (File.Exists(path))
        {
            throw new TrainingException(
                $"{folder} is written by another run: wait for its end, or name another place ({exception.Message})");
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new IOException($"{folder} cannot be written: {exception.Message}", exception);
        }
    }

    /// <summary>Gives the folder back, and takes it away where nothing came into it.</summary>
    public void Dispose()
    {
        _file.Dispose();
        if (!_isNew || Directory.EnumerateFileSystemEntries(_folder).Any())
        {
            return;
        }

        try
        {
            Directory.Delete(_folder);
        }
        catch (IOException)
        {
            // Something came into it at this moment: it stays.
            return;
        }
    }
}
