using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Chaku.Model.Files;

/// <summary>
/// What a model's weights are, in 64 hexadecimal digits: equal for files that differ in metadata only.
/// </summary>
/// <remarks>The bytes that are hashed are defined in docs/formats/content-hash.md.</remarks>
internal static class ContentHash
{
    /// <summary>Digits in a hash.</summary>
    public const int DigitCount = 2 * SHA256.HashSizeInBytes;

    private const int ChunkByteLength = 1 << 22;

    /// <summary>Reads every weight once.</summary>
    /// <param name="content">The model.</param>
    /// <param name="progress">Told, after each chunk, the bytes done and the bytes in all; may be null.</param>
    /// <param name="cancellation">Looked at after each chunk.</param>
    /// <returns><see cref="DigitCount"/> lower-case hexadecimal digits.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static string Compute(
        ModelContent content, Action<long, long>? progress = null, CancellationToken cancellation = default)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long done = 0;
        long all = content.Tensors.Sum(tensor => tensor.ByteLength);
        foreach ((byte[] name, ContentTensor tensor) in InNameOrder(content))
        {
            AppendHeader(hash, name, tensor);
            for (long start = 0; start < tensor.ByteLength; start += ChunkByteLength)
            {
                int length = (int)Math.Min(ChunkByteLength, tensor.ByteLength - start);
                hash.AppendData(tensor.Bytes(start, length));
                done += length;
                progress?.Invoke(done, all);
                cancellation.ThrowIfCancellationRequested();
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static IEnumerable<(byte[] Name, ContentTensor Tensor)> InNameOrder(ModelContent content) => content.Tensors
        .Select(tensor => (Name: Encoding.UTF8.GetBytes(tensor.Name), Tensor: tensor))
        .OrderBy(entry => entry.Name, Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)));

    private static void AppendHeader(IncrementalHash hash, byte[] name, ContentTensor tensor)
    {
        AppendText(hash, name);
        AppendText(hash, Encoding.UTF8.GetBytes(tensor.Format));
        AppendNumber(hash, tensor.Dimensions.Count);
        foreach (long length in tensor.Dimensions)
        {
            AppendNumber(hash, length);
        }

        AppendNumber(hash, tensor.ByteLength);
    }

    private static void AppendText(IncrementalHash hash, byte[] text)
    {
        AppendNumber(hash, text.Length);
        hash.AppendData(text);
    }

    private static void AppendNumber(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }
}
