namespace Chaku.Model.Hub;

/// <summary>What has come of a content, of ours or of another program's.</summary>
/// <param name="File">The file that it is to be, as the note beside it says; null where none does.</param>
/// <param name="ByteLength">Bytes that have come, without holes, and those of the note.</param>
/// <param name="LastWriteUtc">When the last of them came.</param>
/// <param name="Paths">What lies in the cache for it.</param>
internal sealed record UnfinishedBlob(
    string? File, long ByteLength, DateTime LastWriteUtc, IReadOnlyList<string> Paths)
{
    /// <summary>Every one of a model.</summary>
    /// <exception cref="IOException">The cache cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading is not permitted.</exception>
    public static IReadOnlyList<UnfinishedBlob> In(HubCache cache, HubName name)
    {
        string blobs = cache.BlobsFolder(name);
        string[] paths = Directory.Exists(blobs) ? Directory.GetFiles(blobs, $"*{HubCache.UnfinishedSuffix}") : [];
        return
        [
            .. from path in paths.Order(StringComparer.Ordinal)
               group path by path[..path.IndexOf('.', blobs.Length)] + (IsOurs(path) ? HubCache.PartSuffix : "")
               into blob
               select Of(blob.Key, [.. blob]),
        ];
    }

    private static bool IsOurs(string path) =>
        path.EndsWith(HubCache.PartSuffix, StringComparison.Ordinal)
        || path.EndsWith(HubCache.NoteSuffix, StringComparison.Ordinal);

    private static UnfinishedBlob Of(string part, string[] paths)
    {
        RangeNote? note = part.EndsWith(HubCache.PartSuffix, StringComparison.Ordinal)
            ? RangeNote.Read(part[..^HubCache.PartSuffix.Length] + HubCache.NoteSuffix, part, byteLength: null)
            : null;
        return new UnfinishedBlob(
            note?.File,
            paths.Sum(path => path == part && note is not null ? note.DoneByteLength : new FileInfo(path).Length),
            paths.Max(path => System.IO.File.GetLastWriteTimeUtc(path)),
            paths);
    }
}
