using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Chaku.Kernels.Memory;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>What every loop over panels does: fetches what comes next, and adds a block to its float chains.</summary>
internal static class PanelChains
{
    private const int PrefetchDistance = 2048;

    /// <summary>
    /// Has what lies two kilobytes behind a block brought from memory: the processor looks ahead by itself, but not
    /// across pages.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(ref byte panel, int byteLength) =>
        CacheLines.FetchNear(ref panel, PrefetchDistance, byteLength);

    /// <summary>
    /// A step's part of the same: asked for all at once, a block of a K-quant would be more lines than a processor
    /// waits for at a time.
    /// </summary>
    /// <param name="panel">The block at work.</param>
    /// <param name="byteLength">Bytes of it.</param>
    /// <param name="step">The step that is about to be multiplied.</param>
    /// <param name="stepCount">Steps of a block.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchPart(ref byte panel, int byteLength, nuint step, int stepCount)
    {
        const int Line = CacheLines.ByteLength;
        int part = ((byteLength / stepCount) + Line - 1) / Line * Line;
        if (step * (nuint)part < (nuint)byteLength)
        {
            Prefetch(ref Unsafe.AddByteOffset(ref panel, step * (nuint)part), part);
        }
    }

    /// <summary>
    /// One link of eight chains: the rounded product of both scales, then one fused step, as the reference does.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Extend(
        Vector256<float> chain, Vector256<float> scale, ref byte activationScale, Vector256<int> sum)
    {
        Vector256<float> product = scale * Vector256.Create(Unsafe.ReadUnaligned<float>(ref activationScale));
        return Vector256.FusedMultiplyAdd(product, Vector256.ConvertToSingle(sum), chain);
    }
}
