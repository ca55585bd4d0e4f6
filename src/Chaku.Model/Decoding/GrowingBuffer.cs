using Chaku.Kernels.Memory;

namespace Chaku.Model.Decoding;

/// <summary>
/// Floats that are used over and over: grows to the largest span asked for, and allocates nothing after.
/// </summary>
internal sealed class GrowingBuffer : IDisposable
{
    private NativeBuffer _buffer = new(0);

    /// <summary>Bytes held.</summary>
    public long ByteLength => _buffer.ByteLength;

    /// <summary>A span with any content; spans taken before are dead.</summary>
    public Span<float> Take(int count)
    {
        long needed = (long)count * sizeof(float);
        if (needed > _buffer.ByteLength)
        {
            _buffer.Dispose();
            _buffer = new NativeBuffer(needed);
        }

        return _buffer.Span<float>(0, count);
    }

    /// <summary>A span of zeros; spans taken before are dead.</summary>
    public Span<float> TakeZeros(int count)
    {
        Span<float> zeros = Take(count);
        zeros.Clear();
        return zeros;
    }

    /// <summary>What was taken last, or its beginning.</summary>
    public Span<float> Held(int count) => _buffer.Span<float>(0, count);

    /// <summary>Keeps a copy.</summary>
    public void Keep(ReadOnlySpan<float> values) => values.CopyTo(Take(values.Length));

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();
}
