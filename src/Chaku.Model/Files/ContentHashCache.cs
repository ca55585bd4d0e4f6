using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Chaku.Model.Files;

/// <summary>
/// Remembers content hashes by path, size and time of the last change, one small file for each model, so that only the
/// first start reads every weight.
/// </summary>
/// <param name="folder">Where the files are, made when the first is written; null remembers nothing.</param>
/// <param name="clock">Tells the time.</param>
/// <remarks>
/// The cache only saves time: where it cannot be read or written (a read-only home, a full disk) or holds something
/// else than it should, the hash is computed, and nothing is said.
/// </remarks>
internal sealed class ContentHashCache(string? folder, TimeProvider clock)
{
    private const int MaximumEntryByteLength = 1 << 16;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    // A file that was changed so shortly ago may be changed again without its time showing it.
    private static readonly TimeSpan SettlingTime = TimeSpan.FromSeconds(2);

    /// <summary>The user's own cache.</summary>
    public static ContentHashCache ForUser() => new(
        UserCache.Folder is { } root ? Path.Combine(root, "content-hashes") : null, TimeProvider.System);

    /// <summary>The hash that is remembered for this very file, or else computed and remembered.</summary>
    /// <param name="content">The model.</param>
    /// <param name="progress">As for <see cref="ContentHash.Compute"/>; not called where it is remembered.</param>
    /// <param name="cancellation">As for <see cref="ContentHash.Compute"/>.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public string GetOrCompute(
        ModelContent content, Action<long, long>? progress = null, CancellationToken cancellation = default)
    {
        string key = $"{Path.GetFullPath(content.Path)}\n{content.Version}";
        string? entry = folder is null ? null : EntryPath(folder, content.Path);
        if (Read(entry, key) is { } known)
        {
            return known;
        }

        string hash = ContentHash.Compute(content, progress, cancellation);
        if (clock.GetUtcNow() - content.LastWriteUtc >= SettlingTime)
        {
            Remember(entry, key + hash + "\n");
        }

        return hash;
    }

    private static string EntryPath(string folder, string path)
    {
        byte[] name = Encoding.UTF8.GetBytes(Path.GetFullPath(path));
        return Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(name)) + ".txt");
    }

    private static string? Read(string? entry, string key)
    {
        try
        {
            if (entry is null || !File.Exists(entry) || new FileInfo(entry).Length > MaximumEntryByteLength)
            {
                return null;
            }

            string text = File.ReadAllText(entry);
            return text.StartsWith(key, StringComparison.Ordinal) ? HashIn(text.AsSpan(key.Length)) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? HashIn(ReadOnlySpan<char> line) =>
        line.Length == ContentHash.DigitCount + 1 && line[^1] == '\n'
            && !line[..^1].ContainsAnyExcept(Digits)
                ? line[..^1].ToString()
                : null;

    private static void Remember(string? entry, string text)
    {
        if (entry is null)
        {
            return;
        }

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(entry)!);
            AtomicFile.WriteText(entry, text);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Not remembered: the next start computes it again.
            return;
        }
    }
}
