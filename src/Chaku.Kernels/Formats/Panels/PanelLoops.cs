using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>
/// The loops of every panel format. The integer sums of a block stay in registers, the float chains in memory.
/// </summary>
/// <remarks>
/// Lengths are checked by <see cref="PanelKernel"/>. Compiled fully at once: before tier 1 such loops run 9 to 20 times
/// slower.
/// </remarks>
internal static class PanelLoops<TPanel, TBlock, TActivation>
    where TPanel : struct, IPanel<TBlock, TActivation>
    where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
    where TActivation : unmanaged, IActivationBlock<TActivation>
{
    private const nuint Word = sizeof(int);
    private const int PrefetchDistance = 2048;
    private const int LineByteLength = 64;

    /// <summary>Eight rows × one token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void MultiplyOne(
        ref readonly byte panels, ref readonly byte tiles, nuint blockCount, ref float sums)
    {
        ref byte panel = ref Unsafe.AsRef(in panels);
        ref byte tile = ref Unsafe.AsRef(in tiles);
        Vector256<float> chain = Vector256.LoadUnsafe(ref sums);
        for (nuint block = 0; block < blockCount; block++)
        {
            Prefetch(ref panel);
            ref byte tileSums = ref Unsafe.AddByteOffset(ref tile, ActivationTile<TActivation>.SumsAt(1));
            ref byte codes = ref Unsafe.AddByteOffset(ref tile, ActivationTile<TActivation>.CodesAt(1));
            Vector256<int> sum = Vector256<int>.Zero;
            for (nuint i = 0; i < (nuint)TPanel.OffsetCount; i++)
            {
                Vector256<short> offset = TPanel.Offset(ref panel, i);
                sum = PanelProducts.AddPair(sum, offset, in tileSums, i * Word);
            }

            for (nuint step = 0; step < (nuint)TPanel.StepCount; step++)
            {
                ref byte x = ref Unsafe.AddByteOffset(ref codes, step * (nuint)TPanel.GroupsPerStep * Word);
                sum = TPanel.AddProducts(
                    sum, TPanel.Codes(ref panel, step), TPanel.StepScale(ref panel, step), in x, 0, Word);
            }

            chain = Extend(chain, TPanel.Scale(ref panel), ref tile, sum);
            if (TPanel.MinimumCount > 0)
            {
                sum = Vector256<int>.Zero;
                for (nuint i = 0; i < (nuint)TPanel.MinimumCount; i++)
                {
                    nuint at = ((nuint)TPanel.FirstMinimumSum + i) * Word;
                    Vector256<short> minimum = TPanel.Minimum(ref panel, i);
                    sum = PanelProducts.AddPair(sum, minimum, in tileSums, at);
                }

                chain = Extend(chain, TPanel.MinimumScale(ref panel), ref tile, sum);
            }

            panel = ref Unsafe.AddByteOffset(ref panel, (nuint)TPanel.ByteLength);
            tile = ref Unsafe.AddByteOffset(ref tile, ActivationTile<TActivation>.BlockByteLength(1));
        }

        chain.StoreUnsafe(ref sums);
    }

    // Weights come from memory once for each token. The processor looks ahead by itself, but not across pages.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Prefetch(ref byte panel)
    {
        byte* ahead = (byte*)Unsafe.AsPointer(ref panel) + PrefetchDistance;
        for (int at = 0; at < TPanel.ByteLength; at += LineByteLength)
        {
            Sse.Prefetch0(ahead + at);
        }
    }

    // One link of eight chains: the rounded product of both scales, then one fused step, as the reference does.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Extend(
        Vector256<float> chain, Vector256<float> scale, ref byte activationScale, Vector256<int> sum)
    {
        Vector256<float> product = scale * Vector256.Create(Unsafe.ReadUnaligned<float>(ref activationScale));
        return Vector256.FusedMultiplyAdd(product, Vector256.ConvertToSingle(sum), chain);
    }
}
