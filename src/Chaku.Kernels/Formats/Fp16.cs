using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Chaku.Kernels.Formats;

/// <summary>
/// IEEE 754 half precision to float32 and back, by integer arithmetic: .NET has no F16C intrinsics, and the cast from
/// <see cref="Half"/> is a call.
/// </summary>
internal static class Fp16
{
    // A half's exponent bias is 15, a float's 127: after shifting the half's bits into place, 2^112 makes up for it.
    private const float ExponentShift = 5.192296858534828e33f;
    private const ushort MagnitudeBits = 0x7FFF;
    private const ushort InfinityBits = 0x7C00;

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
        // Widened with their signs, so that a shift leaves the sign on top, and one mask takes away its other copies.
        Vector256<int> bits = Widen(halves.AsInt16());
        Vector256<float> small = ((bits << 13) & Vector256.Create(unchecked((int)0x8FFFE000u))).AsSingle();
        Vector256<int> exponent = Vector256.Create(0x7C00);
        Vector256<int> special = Vector256.Equals(bits & exponent, exponent) & Vector256.Create(0x7F800000);
        return ((small * Vector256.Create(ExponentShift)).AsInt32() | special).AsSingle();
    }

    /// <summary>
    /// Eight at once, with the same bits as <see cref="ToSingle(ushort)"/> where they are finite; anything else where
    /// they are not.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> FiniteToSingle(Vector128<ushort> halves)
    {
        Vector256<int> bits = (Widen(halves.AsInt16()) << 13) & Vector256.Create(unchecked((int)0x8FFFE000u));
        return bits.AsSingle() * Vector256.Create(ExponentShift);
    }

    /// <summary>The greatest magnitudes so far, as bits, with those of sixteen more halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Magnitudes(Vector256<ushort> magnitudes, Vector256<ushort> halves) =>
        Vector256.Max(magnitudes, halves & Vector256.Create(MagnitudeBits));

    /// <summary>Whether nothing among what gave these <see cref="Magnitudes"/> was infinite or NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreFinite(Vector256<ushort> magnitudes) =>
        !Vector256.GreaterThanOrEqualAny(magnitudes, Vector256.Create(InfinityBits));

    /// <summary>Many at once; the same bits as <see cref="ToSingle(ushort)"/>.</summary>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void ToSingle(ReadOnlySpan<ushort> halves, Span<float> singles)
    {
        CheckLengths(halves.Length, singles.Length);
        int i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            ref ushort source = ref MemoryMarshal.GetReference(halves);
            ref float target = ref MemoryMarshal.GetReference(singles);
            int whole = halves.Length & -Vector256<ushort>.Count;
            if (WidenFinite(ref source, ref target, (nuint)whole))
            {
                i = whole;
            }

            for (; i + Vector256<float>.Count <= halves.Length; i += Vector256<float>.Count)
            {
                ToSingle(Vector128.LoadUnsafe(ref source, (nuint)i)).StoreUnsafe(ref target, (nuint)i);
            }
        }

        for (; i < halves.Length; i++)
        {
            singles[i] = ToSingle(halves[i]);
        }
    }

    /// <summary>Rounds to the nearest half, ties to even; too large becomes infinity.</summary>
    public static ushort FromSingle(float value) => BitConverter.HalfToUInt16Bits((Half)value);

    /// <summary>Eight at once; the same bits as <see cref="FromSingle(float)"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> FromSingle(Vector256<float> singles)
    {
        Vector256<uint> bits = singles.AsUInt32();
        Vector256<uint> magnitude = bits & Vector256.Create(0x7FFFFFFFu);

        // From 2^-14 on: 13 bits less of mantissa, to even, and 112 less in the exponent; past the range is infinity.
        Vector256<uint> even = (magnitude >>> 13) & Vector256<uint>.One;
        Vector256<uint> normal = ((magnitude + Vector256.Create(0xFFFu) + even) >>> 13) - Vector256.Create(112u << 10);
        normal = Vector256.Min(normal.AsInt32(), Vector256.Create(0x7C00)).AsUInt32();

        // Below: half's subnormals are multiples of 2^-24, the last place of 0.5; the addition rounds to even.
        Vector256<float> shifted = magnitude.AsSingle() + Vector256.Create(0.5f);
        Vector256<uint> subnormal = shifted.AsUInt32() - Vector256.Create(0x3F000000u);

        Vector256<uint> isNormal = Vector256.GreaterThanOrEqual(
            magnitude.AsInt32(), Vector256.Create(0x38800000)).AsUInt32();
        Vector256<uint> half = Vector256.ConditionalSelect(isNormal, normal, subnormal);

        // NaN keeps the upper bits of its payload and becomes quiet.
        Vector256<uint> notANumber = ((magnitude >>> 13) & Vector256.Create(0x3FFu)) | Vector256.Create(0x7E00u);
        half = Vector256.ConditionalSelect(Vector256.Equals(singles, singles).AsUInt32(), half, notANumber);
        half |= (bits >>> 16) & Vector256.Create(0x8000u);
        return Vector128.Narrow(half.GetLower(), half.GetUpper());
    }

    /// <summary>Many at once; the same bits as <see cref="FromSingle(float)"/>.</summary>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void FromSingle(ReadOnlySpan<float> singles, Span<ushort> halves)
    {
        CheckLengths(singles.Length, halves.Length);
        int i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            ref float source = ref MemoryMarshal.GetReference(singles);
            ref ushort target = ref MemoryMarshal.GetReference(halves);
            for (; i + Vector256<float>.Count <= singles.Length; i += Vector256<float>.Count)
            {
                FromSingle(Vector256.LoadUnsafe(ref source, (nuint)i)).StoreUnsafe(ref target, (nuint)i);
            }
        }

        for (; i < singles.Length; i++)
        {
            halves[i] = FromSingle(singles[i]);
        }
    }

    /// <summary>Throws where as many values are not asked for as given.</summary>
    internal static void CheckLengths(int given, int asked)
    {
        if (given != asked)
        {
            throw new ArgumentException($"{given} values do not fit {asked} places one to one");
        }
    }

    // Whether all of them are finite; if not, what was written is not right. Halves are a multiple of 16.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static bool WidenFinite(ref ushort source, ref float target, nuint count)
    {
        Vector256<ushort> magnitudes = Vector256<ushort>.Zero;
        for (nuint i = 0; i < count; i += (nuint)Vector256<ushort>.Count)
        {
            magnitudes = Magnitudes(magnitudes, Vector256.LoadUnsafe(ref source, i));
            FiniteToSingle(Vector128.LoadUnsafe(ref source, i)).StoreUnsafe(ref target, i);
            FiniteToSingle(Vector128.LoadUnsafe(ref source, i + 8)).StoreUnsafe(ref target, i + 8);
        }

        return AreFinite(magnitudes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(Vector128<short> halves)
    {
        if (Avx2.IsSupported)
        {
            return Avx2.ConvertToVector256Int32(halves);
        }

        (Vector128<int> low, Vector128<int> high) = Vector128.Widen(halves);
        return Vector256.Create(low, high);
    }
}
