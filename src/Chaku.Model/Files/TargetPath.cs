namespace Chaku.Model.Files;

/// <summary>
/// What may be written where, looked at before any work is spent: nothing takes the place of what it is made from, and
/// of what else is there only where that is wanted.
/// </summary>
internal static class TargetPath
{
    // As many as Linux follows; more are links in a circle.
    private const int MostLinks = 40;

    /// <summary>Refuses a file that could not be written, or must not be.</summary>
    /// <param name="target">The file to write.</param>
    /// <param name="replaces">Whether a file that is there already may go.</param>
    /// <param name="sources">Files and folders that it is made from.</param>
    /// <exception cref="IOException">
    /// It has no name, is a source or a file in a source's folder, is there already, a folder, a device or read-only,
    /// or its folder is missing.
    /// </exception>
    public static void RequireFile(string target, bool replaces, params ReadOnlySpan<string> sources)
    {
        RequireApart(target, sources);
        AtomicFile.RequireReplaceable(target);
        RequireFree(target, File.Exists(target) && !replaces);
    }

    /// <summary>Refuses a folder that must not be written.</summary>
    /// <param name="target">The folder to write; it may be missing.</param>
    /// <param name="replaces">Whether files that are in it already may go.</param>
    /// <param name="sources">Files and folders that it is made from.</param>
    /// <exception cref="IOException">
    /// It has no name, is a source, holds something already, is a file, or its own folder is
    /// missing.
    /// </exception>
    public static void RequireFolder(string target, bool replaces, params ReadOnlySpan<string> sources)
    {
        RequireApart(target, sources);
        if (File.Exists(target))
        {
            throw new IOException($"{target} cannot be written: it is a file, and a folder is made");
        }

        if (!Directory.Exists(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(target)))))
        {
            throw new DirectoryNotFoundException($"{target} cannot be written: its folder does not exist");
        }

        RequireFree(
            target, Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any() && !replaces);
    }

    private static void RequireApart(string target, ReadOnlySpan<string> sources)
    {
        if (string.IsNullOrWhiteSpace(target))
        {
            throw new IOException("the target has no name");
        }

        string place = Resolved(target);
        foreach (string source in sources)
        {
            string from = Resolved(source);
            if (place == from)
            {
                throw new IOException($"{target} is {source}, and cannot take the place of what it is made from");
            }

            if (File.Exists(place) && place.StartsWith(
                Path.TrimEndingDirectorySeparator(from) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                throw new IOException($"{target} is a file of {source}, which it is made from");
            }
        }
    }

    private static void RequireFree(string target, bool isTaken)
    {
        if (isTaken)
        {
            throw new IOException($"{target} is there already; --force writes over it");
        }
    }

    // Two names are of one file where they lead to the same place through all links, those of folders too.
    private static string Resolved(string path)
    {
        return At(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), 0);

        string At(string full, int linkCount)
        {
            if (Path.GetDirectoryName(full) is not { } parent)
            {
                return full;
            }

            string folder = At(parent, linkCount);
            string here = Path.Combine(folder, Path.GetFileName(full));
            return new FileInfo(here).LinkTarget is not { } link ? here
                : linkCount < MostLinks ? At(Path.GetFullPath(link, folder), linkCount + 1)
                : throw new IOException($"{path} cannot be followed: it leads through more than {MostLinks} links");
        }
    }
}
