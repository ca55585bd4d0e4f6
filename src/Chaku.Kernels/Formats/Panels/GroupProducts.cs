using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>
/// A group of codes of sixteen rows × four tokens, in 16 bits: sums a of the first eight rows, b of the others. Each
/// code and each activation that is loaded is multiplied four times, or twice.
/// </summary>
internal static class GroupProducts
{
    private const nuint Word = sizeof(int);

    /// <summary>The products of the first group of a sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Begin(
        Vector256<byte> w0,
        Vector256<byte> w1,
        ref byte x,
        out Vector256<short> a0,
        out Vector256<short> a1,
        out Vector256<short> a2,
        out Vector256<short> a3,
        out Vector256<short> b0,
        out Vector256<short> b1,
        out Vector256<short> b2,
        out Vector256<short> b3)
    {
        Vector256<sbyte> x0 = PanelProducts.Broadcast(ref x, 0);
        a0 = Avx2.MultiplyAddAdjacent(w0, x0);
        b0 = Avx2.MultiplyAddAdjacent(w1, x0);
        x0 = PanelProducts.Broadcast(ref x, Word);
        a1 = Avx2.MultiplyAddAdjacent(w0, x0);
        b1 = Avx2.MultiplyAddAdjacent(w1, x0);
        x0 = PanelProducts.Broadcast(ref x, 2 * Word);
        a2 = Avx2.MultiplyAddAdjacent(w0, x0);
        b2 = Avx2.MultiplyAddAdjacent(w1, x0);
        x0 = PanelProducts.Broadcast(ref x, 3 * Word);
        a3 = Avx2.MultiplyAddAdjacent(w0, x0);
        b3 = Avx2.MultiplyAddAdjacent(w1, x0);
    }

    /// <summary>The products of another group are added.</summary>
    /// <param name="w0">Codes of the first eight rows.</param>
    /// <param name="w1">Codes of the others.</param>
    /// <param name="x">The first group of the tile.</param>
    /// <param name="at">Bytes to this group.</param>
    /// <param name="a0">The first token's sums of the first eight rows; likewise the others.</param>
    /// <param name="a1">The second's.</param>
    /// <param name="a2">The third's.</param>
    /// <param name="a3">The fourth's.</param>
    /// <param name="b0">The first token's sums of the other eight rows; likewise the others.</param>
    /// <param name="b1">The second's.</param>
    /// <param name="b2">The third's.</param>
    /// <param name="b3">The fourth's.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(
        Vector256<byte> w0,
        Vector256<byte> w1,
        ref byte x,
        nuint at,
        ref Vector256<short> a0,
        ref Vector256<short> a1,
        ref Vector256<short> a2,
        ref Vector256<short> a3,
        ref Vector256<short> b0,
        ref Vector256<short> b1,
        ref Vector256<short> b2,
        ref Vector256<short> b3)
    {
        Vector256<sbyte> x0 = PanelProducts.Broadcast(ref x, at);
        a0 += Avx2.MultiplyAddAdjacent(w0, x0);
        b0 += Avx2.MultiplyAddAdjacent(w1, x0);
        x0 = PanelProducts.Broadcast(ref x, at + Word);
        a1 += Avx2.MultiplyAddAdjacent(w0, x0);
        b1 += Avx2.MultiplyAddAdjacent(w1, x0);
        x0 = PanelProducts.Broadcast(ref x, at + (2 * Word));
        a2 += Avx2.MultiplyAddAdjacent(w0, x0);
        b2 += Avx2.MultiplyAddAdjacent(w1, x0);
        x0 = PanelProducts.Broadcast(ref x, at + (3 * Word));
        a3 += Avx2.MultiplyAddAdjacent(w0, x0);
        b3 += Avx2.MultiplyAddAdjacent(w1, x0);
    }
}
