using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Chaku.Kernels.Memory;

/// <summary>
/// Asks for memory that is read soon, where the processor can be asked; a line that is not there is no error.
/// </summary>
internal static class CacheLines
{
    /// <summary>Bytes of a line.</summary>
    public const int ByteLength = 64;

    /// <summary>Has bytes brought into the first cache.</summary>
    /// <param name="start">A place.</param>
    /// <param name="offset">Bytes from there to the first.</param>
    /// <param name="byteLength">Bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void FetchNear(ref byte start, nuint offset, int byteLength)
    {
        if (Sse.IsSupported)
        {
            byte* first = (byte*)Unsafe.AsPointer(ref start) + offset;
            for (int at = 0; at < byteLength; at += ByteLength)
            {
                Sse.Prefetch0(first + at);
            }
        }
    }

    /// <summary>Has bytes brought into the second cache.</summary>
    /// <param name="start">A place.</param>
    /// <param name="offset">Bytes from there to the first.</param>
    /// <param name="byteLength">Bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Fetch(ref byte start, nuint offset, int byteLength)
    {
        if (Sse.IsSupported)
        {
            byte* first = (byte*)Unsafe.AsPointer(ref start) + offset;
            for (int at = 0; at < byteLength; at += ByteLength)
            {
                Sse.Prefetch1(first + at);
            }
        }
    }
}
