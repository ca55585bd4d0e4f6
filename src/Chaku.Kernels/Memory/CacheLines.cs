using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Chaku.Kernels.Memory;

/// <summary>Asks for memory that is read soon.</summary>
internal static class CacheLines
{
    private const int ByteLength = 64;

    /// <summary>Has bytes brought into the second cache, where the processor can be asked to.</summary>
    public static unsafe void Fetch(ReadOnlySpan<byte> bytes)
    {
        if (Sse.IsSupported)
        {
            byte* first = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bytes));
            for (int at = 0; at < bytes.Length; at += ByteLength)
            {
                Sse.Prefetch1(first + at);
            }
        }
    }
}
