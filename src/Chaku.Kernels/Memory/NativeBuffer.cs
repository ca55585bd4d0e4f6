using System.Runtime.InteropServices;

namespace Chaku.Kernels.Memory;

/// <summary>
/// Zeroed memory outside the garbage collector's heap, aligned to 64 bytes; freed on disposal or finalisation.
/// </summary>
/// <remarks>
/// A large buffer comes zeroed from the system, and a page of it takes no memory before it is first written to.
/// </remarks>
internal sealed unsafe class NativeBuffer : SafeHandle
{
    /// <summary>Alignment in bytes: a cache line, and the widest vector.</summary>
    public const int Alignment = 64;

    private readonly nuint _byteLength;

    /// <summary>Allocates.</summary>
    /// <param name="byteLength">Bytes; 0 or more.</param>
    /// <exception cref="OutOfMemoryException">The system has no such memory.</exception>
    public NativeBuffer(long byteLength)
        : base(0, ownsHandle: true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteLength);
        _byteLength = (nuint)byteLength;
        SetHandle((nint)NativeMemory.AllocZeroed(checked(_byteLength + Alignment)));
        Pointer = (byte*)(((nuint)handle + Alignment - 1) & ~(nuint)(Alignment - 1));
        GC.AddMemoryPressure(Math.Max(byteLength, 1));
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>Bytes in the buffer.</summary>
    public long ByteLength => (long)_byteLength;

    /// <summary>The first byte; valid while this object is alive.</summary>
    public byte* Pointer { get; }

    /// <summary>A view of elements.</summary>
    /// <param name="start">First element.</param>
    /// <param name="count">Number of elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">The view leaves the buffer.</exception>
    /// <exception cref="ObjectDisposedException">The buffer was freed.</exception>
    public Span<T> Span<T>(long start, int count)
        where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        if (start < 0 || count < 0 || start > (ByteLength / sizeof(T)) - count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(count),
                $"{count} elements of {sizeof(T)} bytes from element {start} on leave a buffer of {ByteLength} bytes");
        }

        return new Span<T>(Pointer + (start * sizeof(T)), count);
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        NativeMemory.Free((void*)handle);
        GC.RemoveMemoryPressure(Math.Max((long)_byteLength, 1));
        return true;
    }
}
