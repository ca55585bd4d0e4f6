namespace Chaku.Model.Files;

/// <summary>Where the user's cache is: what is in it only saves time.</summary>
internal static class UserCache
{
    /// <summary>
    /// This software's folder under XDG_CACHE_HOME where that is set, else where the system has such; null where there
    /// is none. It need not exist.
    /// </summary>
    public static string? Folder
    {
        get
        {
            string? root = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            if (!Path.IsPathFullyQualified(root ?? ""))
            {
                root = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
            }

            return string.IsNullOrEmpty(root) ? null : Path.Combine(root, "chaku");
        }
    }
}
