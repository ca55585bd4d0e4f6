using Chaku.Model.Files;

namespace Chaku.Model.Conversion;

/// <summary>Writes the files of a folder: none has its name before all are complete.</summary>
internal static class FolderFiles
{
    /// <summary>Writes them; the folder is made where it is missing, and gone again where they cannot be written.</summary>
    /// <exception cref="IOException">The folder or a file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<(string Name, Action<Stream> Write)> files)
    {
        bool isNew = !Directory.Exists(path);
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{path} cannot be written: {exception.Message}", exception);
        }

        try
        {
            AtomicFile.WriteAll([.. files.Select(file => (Path.Combine(path, file.Name), file.Write))]);
        }
        catch when (isNew)
        {
            RemoveEmpty(path);
            throw;
        }
    }

    private static void RemoveEmpty(string path)
    {
        try
        {
            Directory.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The error that led here says what is wrong; a second one would hide it.
            return;
        }
    }
}
