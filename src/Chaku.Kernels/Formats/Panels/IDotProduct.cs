using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Chaku.Kernels.Formats.Panels;

/// <summary>Adds the products of four neighbouring bytes to a 32-bit sum, exactly. The struct chooses code.</summary>
internal interface IDotProduct
{
    /// <summary>Whether this processor can.</summary>
    static abstract bool IsSupported { get; }

    /// <summary>sum + Σ codes · x.</summary>
    /// <param name="sum">[8 rows].</param>
    /// <param name="codes">Four of each row, in [0, 127].</param>
    /// <param name="x">Four of each row, in [−127, 127].</param>
    static abstract Vector256<int> Add(Vector256<int> sum, Vector256<byte> codes, Vector256<sbyte> x);

    /// <summary>sum + Σ codes · x for codes with a sign.</summary>
    /// <param name="sum">[8 rows].</param>
    /// <param name="codes">Four of each row, in [−128, 127].</param>
    /// <param name="magnitudes">Their magnitudes.</param>
    /// <param name="x">Four of each row, in [−127, 127].</param>
    static abstract Vector256<int> AddSigned(
        Vector256<int> sum, Vector256<sbyte> codes, Vector256<byte> magnitudes, Vector256<sbyte> x);
}

/// <summary>x86 with AVX-VNNI: <c>vpdpbusd</c>.</summary>
internal readonly struct VnniDot : IDotProduct
{
    public static bool IsSupported => AvxVnni.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> codes, Vector256<sbyte> x) =>
        AvxVnni.MultiplyWideningAndAdd(sum, codes, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddSigned(
        Vector256<int> sum, Vector256<sbyte> codes, Vector256<byte> magnitudes, Vector256<sbyte> x) =>
        AvxVnni.MultiplyWideningAndAdd(sum, magnitudes, Avx2.Sign(x, codes));
}

/// <summary>Arm with the dot product extension: <c>sdot</c>, on halves.</summary>
internal readonly struct ArmDot : IDotProduct
{
    public static bool IsSupported => Dp.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> codes, Vector256<sbyte> x) =>
        AddSigned(sum, codes.AsSByte(), codes, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddSigned(
        Vector256<int> sum, Vector256<sbyte> codes, Vector256<byte> magnitudes, Vector256<sbyte> x) =>
        Vector256.Create(
            Dp.DotProduct(sum.GetLower(), codes.GetLower(), x.GetLower()),
            Dp.DotProduct(sum.GetUpper(), codes.GetUpper(), x.GetUpper()));
}

/// <summary>
/// The same by any processor's vectors: what the others are tested beside, and the loops around them.
/// </summary>
internal readonly struct PortableDot : IDotProduct
{
    public static bool IsSupported => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> codes, Vector256<sbyte> x) =>
        AddSigned(sum, codes.AsSByte(), codes, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddSigned(
        Vector256<int> sum, Vector256<sbyte> codes, Vector256<byte> magnitudes, Vector256<sbyte> x)
    {
        // Two products, at most 2 · 128 · 127 = 32512, fit 16 bits.
        Vector256<short> products =
            (((codes.AsInt16() << 8) >> 8) * ((x.AsInt16() << 8) >> 8)) + ((codes.AsInt16() >> 8) * (x.AsInt16() >> 8));
        return sum + ((products.AsInt32() << 16) >> 16) + (products.AsInt32() >> 16);
    }
}
