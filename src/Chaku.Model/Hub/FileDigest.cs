using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Chaku.Model.Hub;

/// <summary>What a file's content must hash to: its name in the cache.</summary>
/// <param name="Hex">
/// Lower-case digits: 64 are the SHA-256 of the content (large files, kept by LFS), 40 are git's id of the blob.
/// </param>
/// <remarks>Git's id is the SHA-1 of <c>blob LENGTH\0</c> and the content: git-scm.com/book, Git Objects.</remarks>
internal sealed record FileDigest(string Hex)
{
    private const int ChunkByteLength = 1 << 20;
    private const int Sha256DigitCount = 2 * SHA256.HashSizeInBytes;
    private const int Sha1DigitCount = 2 * SHA1.HashSizeInBytes;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    /// <summary>Whether it is git's id, and not the SHA-256 of the content alone.</summary>
    public bool IsGit => Hex.Length == Sha1DigitCount;

    /// <summary>Reads an id or an ETag, quotes and a weak mark around it or not; null where it is no hash.</summary>
    public static FileDigest? TryParse(string? text)
    {
        string hex = (text ?? "").Trim();
        hex = (hex.StartsWith("W/", StringComparison.Ordinal) ? hex[2..] : hex).Trim('"');
        return hex.Length is Sha256DigitCount or Sha1DigitCount && !hex.AsSpan().ContainsAnyExcept(Digits)
            ? new FileDigest(hex)
            : null;
    }

    /// <summary>Hashes a file as this digest is made.</summary>
    /// <param name="path">The file.</param>
    /// <param name="progress">Told, after each mebibyte, the bytes that were read; may be null.</param>
    /// <param name="cancellation">Looked at after each mebibyte.</param>
    /// <returns>The digest of what the file holds.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public FileDigest Compute(string path, Action<long>? progress, CancellationToken cancellation)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        using IncrementalHash hash = IncrementalHash.CreateHash(
            IsGit ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256);
        if (IsGit)
        {
            hash.AppendData(Encoding.ASCII.GetBytes(FormattableString.Invariant($"blob {stream.Length}\0")));
        }

        byte[] chunk = new byte[ChunkByteLength];
        while (stream.Read(chunk) is > 0 and int count)
        {
            hash.AppendData(chunk, 0, count);
            progress?.Invoke(stream.Position);
            cancellation.ThrowIfCancellationRequested();
        }

        return new FileDigest(Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <inheritdoc/>
    public override string ToString() => Hex;
}
