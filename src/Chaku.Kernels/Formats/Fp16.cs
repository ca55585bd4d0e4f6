using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats;

/// <summary>
/// IEEE 754 half precision to float32 and back, by integer arithmetic: .NET has no F16C intrinsics, and the cast from
/// <see cref="Half"/> is a call.
/// </summary>
internal static class Fp16
{
    // A half's exponent bias is 15, a float's 127: after shifting the half's bits into place, 2^112 makes up for it.
    private const float ExponentShift = 5.192296858534828e33f;

    /// <summary>The float32 with the same value; subnormals, infinities and NaN included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(ushort half)
    {
        uint magnitude = (uint)(half & 0x7FFF) << 13;
        float scaled = BitConverter.UInt32BitsToSingle(magnitude) * ExponentShift;
        uint special = magnitude >= 0x0F800000u ? 0x7F800000u : 0u;
        uint sign = (uint)(half & 0x8000) << 16;
        return BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(scaled) | special | sign);
    }

    /// <summary>Eight at once; the same bits as <see cref="ToSingle(ushort)"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ToSingle(Vector128<ushort> halves)
    {
        (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(halves);
        Vector256<uint> bits = Vector256.Create(low, high);
        Vector256<uint> magnitude = (bits & Vector256.Create(0x7FFFu)) << 13;
        Vector256<float> scaled = magnitude.AsSingle() * Vector256.Create(ExponentShift);
        Vector256<uint> isSpecial = Vector256.GreaterThanOrEqual(
            magnitude.AsInt32(), Vector256.Create(0x0F800000)).AsUInt32();
        Vector256<uint> special = isSpecial & Vector256.Create(0x7F800000u);
        Vector256<uint> sign = (bits & Vector256.Create(0x8000u)) << 16;
        return (scaled.AsUInt32() | special | sign).AsSingle();
    }

    /// <summary>Rounds to the nearest half, ties to even; too large becomes infinity.</summary>
    public static ushort FromSingle(float value) => BitConverter.HalfToUInt16Bits((Half)value);
}
