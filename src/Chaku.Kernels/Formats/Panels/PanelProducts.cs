using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>
/// Codes of eight rows × codes of one token. Activation codes lie in [−127, 127]; with −128 sums would not fit 16 bits.
/// </summary>
internal static class PanelProducts
{
    /// <summary>Four groups; codes in [0, 31]: eight products, at most 8 · 31 · 127 = 31496, fit 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddFiveBit(
        Vector256<int> sum,
        PanelCodes codes,
        Vector256<short> stepScale,
        ref readonly byte x,
        nuint token,
        nuint stride)
    {
        Vector256<short> products = Multiply(codes, in x, token, stride);
        return sum + Avx2.MultiplyAddAdjacent(products, stepScale);
    }

    /// <summary>Four groups; codes in [0, 63]: four products, at most 4 · 63 · 127 = 32004, fit 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddSixBit(
        Vector256<int> sum,
        PanelCodes codes,
        Vector256<short> stepScale,
        ref readonly byte x,
        nuint token,
        nuint stride)
    {
        Vector256<short> products = Multiply(codes.First, in x, token) + Multiply(codes.Second, in x, token + stride);
        sum += Avx2.MultiplyAddAdjacent(products, stepScale);
        products = Multiply(codes.Third, in x, token + (2 * stride))
            + Multiply(codes.Fourth, in x, token + (3 * stride));
        return sum + Avx2.MultiplyAddAdjacent(products, stepScale);
    }

    /// <summary>
    /// Two groups of signed codes, each group's magnitudes after it: two products, at most 2 · 128 · 127 = 32512, fit
    /// 16 bits.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddSigned(
        Vector256<int> sum,
        PanelCodes codes,
        Vector256<short> stepScale,
        ref readonly byte x,
        nuint token,
        nuint stride)
    {
        // |w| · (x with the sign of w): the instruction takes one factor without a sign.
        Vector256<sbyte> signedX = Avx2.Sign(Broadcast(in x, token), codes.First.AsSByte());
        sum += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(codes.Second, signedX), stepScale);
        signedX = Avx2.Sign(Broadcast(in x, token + stride), codes.Third.AsSByte());
        return sum + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(codes.Fourth, signedX), stepScale);
    }

    /// <summary>sum + factors · a pair of activation sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddPair(
        Vector256<int> sum, Vector256<short> factors, ref readonly byte pair, nuint token)
    {
        Vector256<short> sums = Broadcast(in pair, token).AsInt16();
        if (Avx2.IsSupported)
        {
            return sum + Avx2.MultiplyAddAdjacent(factors, sums);
        }

        Vector256<int> first = ((factors.AsInt32() << 16) >> 16) * ((sums.AsInt32() << 16) >> 16);
        return sum + first + ((factors.AsInt32() >> 16) * (sums.AsInt32() >> 16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Multiply(PanelCodes codes, ref readonly byte x, nuint token, nuint stride) =>
        (Multiply(codes.First, in x, token) + Multiply(codes.Second, in x, token + stride))
        + (Multiply(codes.Third, in x, token + (2 * stride)) + Multiply(codes.Fourth, in x, token + (3 * stride)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Multiply(Vector256<byte> codes, ref readonly byte x, nuint offset) =>
        Avx2.MultiplyAddAdjacent(codes, Broadcast(in x, offset));

    /// <summary>Four bytes, for every row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Broadcast(ref readonly byte x, nuint offset) =>
        Vector256.Create(Unsafe.ReadUnaligned<int>(in Unsafe.AddByteOffset(ref Unsafe.AsRef(in x), offset))).AsSByte();
}
