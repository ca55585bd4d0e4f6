using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Chaku.Kernels.Memory;

/// <summary>Tells the processor what is read soon; changes nothing but time.</summary>
internal static unsafe class MemoryHint
{
    private const int LineByteLength = 64;

    /// <summary>Brings bytes into the second level of cache.</summary>
    /// <param name="bytes">Memory that the garbage collector does not move; of other memory the hint may be lost.</param>
    public static void WillRead(ReadOnlySpan<byte> bytes)
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        fixed (byte* start = &MemoryMarshal.GetReference(bytes))
        {
            for (int at = 0; at < bytes.Length; at += LineByteLength)
            {
                Sse.Prefetch1(start + at);
            }
        }
    }
}
