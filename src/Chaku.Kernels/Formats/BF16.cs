using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats;

/// <summary>One weight as the upper half of a float32: 8 bits of exponent, 7 of mantissa.</summary>
internal struct BlockBF16 : IBlock<BlockBF16>
{
    /// <summary>The weight's bits.</summary>
    public ushort Value;

    public static string Name => "BF16";

    public static int GgmlType => 30;

    public static int Length => 1;

    public static void Dequantise(ref readonly BlockBF16 block, Span<float> weights) =>
        weights[0] = Bf16.ToSingle(block.Value);

    public static void Quantise(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, ref BlockBF16 block) =>
        block.Value = Bf16.FromSingle(weights[0]);

    public static void QuantiseMany(
        ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, Span<BlockBF16> blocks) =>
        Bf16.FromSingle(weights, MemoryMarshal.Cast<BlockBF16, ushort>(blocks));

    public static void DequantiseMany(ReadOnlySpan<BlockBF16> blocks, Span<float> weights) =>
        Bf16.ToSingle(MemoryMarshal.Cast<BlockBF16, ushort>(blocks), weights);
}

/// <summary>bfloat16 to float32 and back.</summary>
internal static class Bf16
{
    // Set, so that a NaN whose payload lies in the lower bits alone does not become infinity.
    private const uint QuietBit = 0x00400000;

    /// <summary>The float32 with the same value.</summary>
    public static float ToSingle(ushort value) => BitConverter.UInt32BitsToSingle((uint)value << 16);

    /// <summary>Many at once.</summary>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void ToSingle(ReadOnlySpan<ushort> values, Span<float> singles)
    {
        Fp16.CheckLengths(values.Length, singles.Length);
        int i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            ref ushort source = ref MemoryMarshal.GetReference(values);
            ref float target = ref MemoryMarshal.GetReference(singles);
            for (; i + Vector256<float>.Count <= values.Length; i += Vector256<float>.Count)
            {
                Vector128<ushort> halves = Vector128.LoadUnsafe(ref source, (nuint)i);
                Vector256<uint> bits = Vector256.WidenLower(halves.ToVector256Unsafe()) << 16;
                bits.AsSingle().StoreUnsafe(ref target, (nuint)i);
            }
        }

        for (; i < values.Length; i++)
        {
            singles[i] = ToSingle(values[i]);
        }
    }

    /// <summary>
    /// Rounds to the nearest, ties to even; NaN stays NaN, with its sign and the upper bits of its payload.
    /// </summary>
    public static ushort FromSingle(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        uint rounded = bits + 0x7FFF + ((bits >> 16) & 1);
        return (ushort)((float.IsNaN(value) ? bits | QuietBit : rounded) >> 16);
    }

    /// <summary>Many at once; the same bits as <see cref="FromSingle(float)"/>.</summary>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void FromSingle(ReadOnlySpan<float> singles, Span<ushort> values)
    {
        Fp16.CheckLengths(singles.Length, values.Length);
        int i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            ref float source = ref MemoryMarshal.GetReference(singles);
            ref ushort target = ref MemoryMarshal.GetReference(values);
            for (; i + Vector256<float>.Count <= singles.Length; i += Vector256<float>.Count)
            {
                Vector256<float> single = Vector256.LoadUnsafe(ref source, (nuint)i);
                Vector256<uint> bits = single.AsUInt32();
                Vector256<uint> rounded = bits + Vector256.Create(0x7FFFu) + ((bits >>> 16) & Vector256<uint>.One);
                Vector256<uint> isNumber = Vector256.Equals(single, single).AsUInt32();
                Vector256<uint> chosen = Vector256.ConditionalSelect(
                    isNumber, rounded, bits | Vector256.Create(QuietBit)) >>> 16;
                Vector128.Narrow(chosen.GetLower(), chosen.GetUpper()).StoreUnsafe(ref target, (nuint)i);
            }
        }

        for (; i < singles.Length; i++)
        {
            values[i] = FromSingle(singles[i]);
        }
    }
}
