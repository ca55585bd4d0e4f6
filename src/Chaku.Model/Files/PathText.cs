namespace Chaku.Model.Files;

/// <summary>Paths as texts.</summary>
internal static class PathText
{
    /// <summary>What a path calls its file or folder, as it is spelled.</summary>
    public static string LastPart(string path) =>
        Path.GetFileName(path.TrimEnd(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar));

    /// <summary>What a file or folder is called, however it is spelled: a single dot is a folder too.</summary>
    public static string NameOf(string path) => LastPart(Path.GetFullPath(path));
}
