using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Chaku.SideBySide.Measuring;

/// <summary>
/// What the machine's memory gives: threads that read a large buffer from one end to the other, and add.
/// </summary>
internal sealed class ReadLoop
{
    private const int ByteLength = 1 << 30;

    private readonly ulong[][] _parts;
    private ulong _sum;

    /// <summary>Takes the memory.</summary>
    public ReadLoop(int threadCount)
    {
        _parts = new ulong[threadCount][];
        for (int i = 0; i < threadCount; i++)
        {
            _parts[i] = GC.AllocateUninitializedArray<ulong>(ByteLength / sizeof(ulong) / threadCount, pinned: true);
            _parts[i].AsSpan().Fill((ulong)i);
        }
    }

    /// <summary>Bytes per second that all threads together read.</summary>
    public double Measure()
    {
        long start = Stopwatch.GetTimestamp();
        Thread[] threads = [.. _parts.Skip(1).Select(part => new Thread(() => Add(part)))];
        Array.ForEach(threads, thread => thread.Start());
        Add(_parts[0]);
        Array.ForEach(threads, thread => thread.Join());
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return _parts.Sum(part => (double)part.Length * sizeof(ulong)) / seconds;
    }

    // Four chains, so that additions do not wait for each other. The sum is kept, or nothing would have to be read.
    private void Add(ulong[] part)
    {
        ReadOnlySpan<Vector256<ulong>> words = MemoryMarshal.Cast<ulong, Vector256<ulong>>(part);
        Vector256<ulong> a = default;
        Vector256<ulong> b = default;
        Vector256<ulong> c = default;
        Vector256<ulong> d = default;
        for (int i = 0; i + 3 < words.Length; i += 4)
        {
            a += words[i];
            b += words[i + 1];
            c += words[i + 2];
            d += words[i + 3];
        }

        Interlocked.Add(ref _sum, Vector256.Sum(a + b + c + d));
    }
}
