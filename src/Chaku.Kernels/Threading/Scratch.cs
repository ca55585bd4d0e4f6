using System.Runtime.InteropServices;
using Chaku.Kernels.Memory;

namespace Chaku.Kernels.Threading;

/// <summary>One thread's scratch memory: taken in pieces, given back all at once, kept from item to item.</summary>
internal sealed class Scratch : IDisposable
{
    private const long FirstByteLength = 1 << 16;

    // Pieces handed out for the current item still point into a buffer that was outgrown: it lives until the item ends.
    private readonly List<NativeBuffer> _outgrown = [];
    private NativeBuffer _buffer = new(FirstByteLength);
    private long _used;

    /// <summary>A piece of <paramref name="count"/> floats with any content, aligned to 64 bytes.</summary>
    public Span<float> Singles(int count) => MemoryMarshal.Cast<byte, float>(Bytes(checked(count * sizeof(float))));

    /// <summary>A piece of <paramref name="count"/> bytes with any content, aligned to 64 bytes.</summary>
    public Span<byte> Bytes(int count)
    {
        long aligned = (count + NativeBuffer.Alignment - 1L) / NativeBuffer.Alignment * NativeBuffer.Alignment;
        if (_used + aligned > _buffer.ByteLength)
        {
            _outgrown.Add(_buffer);
            _buffer = new NativeBuffer(Math.Max(aligned, 2 * _buffer.ByteLength));
            _used = 0;
        }

        Span<byte> piece = _buffer.Span<byte>(_used, count);
        _used += aligned;
        return piece;
    }

    /// <summary>Gives all pieces back.</summary>
    public void Reset()
    {
        _used = 0;
        if (_outgrown.Count > 0)
        {
            FreeOutgrown();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        FreeOutgrown();
        _buffer.Dispose();
    }

    private void FreeOutgrown()
    {
        foreach (NativeBuffer buffer in _outgrown)
        {
            buffer.Dispose();
        }

        _outgrown.Clear();
    }
}
