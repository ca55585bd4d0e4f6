using Microsoft.Win32.SafeHandles;

namespace Chaku.Cli;

/// <summary>Standard output that says when its reader has gone.</summary>
internal static class StandardOutput
{
    // EPIPE, ERROR_BROKEN_PIPE and ERROR_NO_DATA, as exceptions have them.
    private static readonly int[] ClosedResults = [32, unchecked((int)0x8007006D), unchecked((int)0x800700E8)];

    /// <summary>The stream to write to; unbuffered.</summary>
    /// <remarks>
    /// The console's own stream passes over a closed pipe in silence, and the program would go on for nobody. A file
    /// stream tells, but has its own idea of where in a file it is: it is taken for pipes only, which have no place.
    /// </remarks>
    public static Stream Open()
    {
        if (!OperatingSystem.IsWindows() && Console.IsOutputRedirected)
        {
            FileStream stream = new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            if (!stream.CanSeek)
            {
                return stream;
            }

            stream.Dispose();
        }

        return Console.OpenStandardOutput();
    }

    /// <summary>Whether an error means that the reader has gone.</summary>
    public static bool IsClosed(IOException exception) => ClosedResults.Contains(exception.HResult);
}
