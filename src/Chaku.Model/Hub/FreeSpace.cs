namespace Chaku.Model.Hub;

/// <summary>How much can still be written.</summary>
internal static class FreeSpace
{
    /// <summary>Free bytes where a folder is or would be; null where the system does not say.</summary>
    public static long? Of(string folder)
    {
        string? there = Path.GetFullPath(folder);
        while (there is not null && !Directory.Exists(there))
        {
            there = Path.GetDirectoryName(there);
        }

        try
        {
            return there is null ? null : new DriveInfo(there).AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
