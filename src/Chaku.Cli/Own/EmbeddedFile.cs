using System.Security.Cryptography;
using Chaku.Model.Files;

namespace Chaku.Cli.Own;

/// <summary>A file that the program carries, so that it needs none beside it.</summary>
/// <param name="name">Its name in the program.</param>
internal sealed class EmbeddedFile(string name)
{
    /// <summary>Opens it.</summary>
    public Stream Open() => typeof(EmbeddedFile).Assembly.GetManifestResourceStream(name)
        ?? throw new InvalidOperationException($"the program lacks its file {name}");

    /// <summary>
    /// Puts it where it can be mapped: under the user's cache, in a folder that its content names. One that is there
    /// already is taken if it has the right bytes.
    /// </summary>
    /// <returns>The path.</returns>
    /// <exception cref="IOException">It cannot be written.</exception>
    public string Unpack()
    {
        using MemoryStream content = new();
        using (Stream stream = Open())
        {
            stream.CopyTo(content);
        }

        byte[] bytes = content.ToArray();
        string hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        string folder = Path.Combine(CacheFolder(), hash[..16]);
        string path = Path.Combine(folder, name);
        if (!File.Exists(path) || !HasContent(path, bytes))
        {
            Directory.CreateDirectory(folder);
            AtomicFile.Write(path, stream => stream.Write(bytes));
        }

        return path;
    }

    private static bool HasContent(string path, byte[] bytes) =>
        new FileInfo(path).Length == bytes.Length && File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes);

    private static string CacheFolder() =>
        UserCache.Folder is { } folder ? Path.Combine(folder, "own") : Path.Combine(Path.GetTempPath(), "chaku-own");
}
