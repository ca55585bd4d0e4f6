using System.Text;

namespace Chaku.Model.Files;

/// <summary>
/// Writes a file whole or not at all: under a temporary name in the same folder, flushed to the disk, then renamed.
/// </summary>
internal static class AtomicFile
{
    private const int BufferByteLength = 1 << 17;

    /// <summary>Writes a file, in place of one that may be there.</summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="write">Writes the content; whatever it throws, the old file stays and nothing else does.</param>
    /// <exception cref="IOException">
    /// The folder is missing or read-only, the old file is read-only, a device or a pipe, the disk is full.
    /// </exception>
    public static void Write(string path, Action<Stream> write) =>
        WriteAll([(path, write)]);

    /// <summary>Writes a file through another stream than the disk's, which a test makes fail.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="create">Creates the file under its temporary name.</param>
    public static void Write(string path, Action<Stream> write, Func<string, Stream> create) =>
        WriteAll([(path, write)], create);

    /// <summary>Writes several files: none is renamed before all are complete on the disk.</summary>
    /// <param name="files">Each file, and what writes its content.</param>
    /// <param name="create">Creates a file under its temporary name.</param>
    /// <param name="beforeRenames">
    /// Runs when all are complete and none has its name; where it throws, none ever has.
    /// </param>
    /// <exception cref="IOException">As for <see cref="Write(string, Action{Stream})"/>.</exception>
    public static void WriteAll(
        IReadOnlyList<(string Path, Action<Stream> Write)> files,
        Func<string, Stream>? create = null,
        Action? beforeRenames = null)
    {
        create ??= CreateOnDisk;
        string[] targets = [.. files.Select(file => Replaceable(file.Path))];
        string[] temporaries = [.. targets.Select(TemporaryName)];
        try
        {
            for (int i = 0; i < files.Count; i++)
            {
                WriteTemporary(files[i].Path, temporaries[i], files[i].Write, create);
            }

            beforeRenames?.Invoke();
            for (int i = 0; i < files.Count; i++)
            {
                Attempt(files[i].Path, () => File.Move(temporaries[i], targets[i], overwrite: true));
            }
        }
        catch
        {
            Array.ForEach(temporaries, Remove);
            throw;
        }
    }

    /// <summary>
    /// Writes a file, and looks at it under its temporary name before it takes its place or is gone again.
    /// </summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="isKept">
    /// Gets the temporary name; whatever it throws, the old file stays and nothing else does.
    /// </param>
    /// <returns>Whether it was kept.</returns>
    /// <exception cref="IOException">As for <see cref="Write(string, Action{Stream})"/>.</exception>
    public static bool WriteIf(string path, Action<Stream> write, Func<string, bool> isKept)
    {
        string target = Replaceable(path);
        string temporary = TemporaryName(target);
        try
        {
            WriteTemporary(path, temporary, write, CreateOnDisk);
            if (!isKept(temporary))
            {
                return false;
            }

            Attempt(path, () => File.Move(temporary, target, overwrite: true));
            return true;
        }
        finally
        {
            // Where it was kept, nothing has this name any more.
            Remove(temporary);
        }
    }

    /// <summary>Refuses, before work is spent, a file that could not be written.</summary>
    /// <exception cref="IOException">As for <see cref="Write(string, Action{Stream})"/>.</exception>
    public static void RequireReplaceable(string path) => _ = Replaceable(path);

    /// <summary>Writes text in UTF-8 without a byte-order mark.</summary>
    /// <exception cref="IOException">As for <see cref="Write(string, Action{Stream})"/>.</exception>
    public static void WriteText(string path, string text) => WriteBytes(path, Encoding.UTF8.GetBytes(text));

    /// <summary>Writes bytes.</summary>
    /// <exception cref="IOException">As for <see cref="Write(string, Action{Stream})"/>.</exception>
    public static void WriteBytes(string path, byte[] bytes) => Write(path, stream => stream.Write(bytes));

    /// <summary>
    /// Takes away what writers of a file that were killed left under temporary names. Nobody else may write it now.
    /// </summary>
    /// <param name="path">The file; its folder need not exist.</param>
    public static void RemoveLeftovers(string path)
    {
        string full = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(full)!;
        string prefix = TemporaryPrefix(full);
        int length = prefix.Length + Path.GetRandomFileName().Length;
        if (Directory.Exists(folder))
        {
            Array.ForEach(
                [
                    .. Directory.EnumerateFiles(folder)
                        .Where(file => Path.GetFileName(file).Length == length)
                        .Where(file => Path.GetFileName(file).StartsWith(prefix, StringComparison.Ordinal)),
                ],
                Remove);
        }
    }

    /// <summary>What keeps a file from being written; null for an error that is none of the disk.</summary>
    /// <remarks>The runtime takes a limit on the size of files (EFBIG) for a wrong argument of its own.</remarks>
    public static string? Describe(Exception exception) => exception switch
    {
        IOException or UnauthorizedAccessException => exception.Message,
        ArgumentOutOfRangeException { ParamName: "value", ActualValue: null } =>
            "the system permits no file of that size",
        _ => null,
    };

    private static void WriteTemporary(
        string path, string temporary, Action<Stream> write, Func<string, Stream> create) => Attempt(path, () =>
    {
        using Stream stream = create(temporary);
        write(stream);
        FlushToDisk(stream);
    });

    private static void Attempt(string path, Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception) when (Describe(exception) is { } reason)
        {
            throw new IOException($"{path} cannot be written: {reason}", exception);
        }
    }

    private static FileStream CreateOnDisk(string temporary) =>
        new(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferByteLength);

    private static string TemporaryName(string target) =>
        Path.Combine(Path.GetDirectoryName(target)!, TemporaryPrefix(target) + Path.GetRandomFileName());

    private static string TemporaryPrefix(string target) => $".{Path.GetFileName(target)}.";

    private static string Replaceable(string path)
    {
        string named = Path.GetFullPath(path);

        // A link stays a link: what it leads to is replaced.
        string target = new FileInfo(named).LinkTarget is null
            ? named
            : File.ResolveLinkTarget(named, returnFinalTarget: true)!.FullName;
        if (IsDevice(named) || IsDevice(target))
        {
            throw new IOException($"{path} cannot be written: it is a device, which a file must not replace");
        }

        if (Directory.Exists(target))
        {
            throw new IOException($"{path} cannot be written: it is a folder");
        }

        if (!Directory.Exists(Path.GetDirectoryName(target)))
        {
            throw new DirectoryNotFoundException($"{path} cannot be written: its folder does not exist");
        }

        // A rename needs only the folder's permission; a file that was made read-only is not to be replaced.
        if (File.Exists(target) && File.GetAttributes(target).HasFlag(FileAttributes.ReadOnly))
        {
            throw new IOException($"{path} cannot be written: it is read-only");
        }

        Attempt(path, () => RefusePipe(target));

        return target;
    }

    private static bool IsDevice(string path) =>
        path.StartsWith("/proc/", StringComparison.Ordinal)
        || (path.StartsWith("/dev/", StringComparison.Ordinal)
            && !path.StartsWith("/dev/shm/", StringComparison.Ordinal));

    // What is no file of the disk has no length and no positions. It is opened for both ways, since a pipe that is
    // opened for one waits for somebody at its other end.
    private static void RefusePipe(string path)
    {
        if (OperatingSystem.IsWindows() || new FileInfo(path) is not { Exists: true, Length: 0 })
        {
            return;
        }

        try
        {
            using FileStream stream = new(
                path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (!stream.CanSeek)
            {
                throw new IOException("it is a pipe, which a file must not replace");
            }
        }
        catch (UnauthorizedAccessException)
        {
            // In a folder of our own, a file that belongs to others may be replaced.
            return;
        }
    }

    private static void FlushToDisk(Stream stream)
    {
        stream.Flush();
        (stream as FileStream)?.Flush(flushToDisk: true);
    }

    private static void Remove(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The error that led here says what is wrong with the folder; a second one would hide it.
            return;
        }
    }
}
