using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Formats;

/// <summary>
/// The arithmetic that the formats share: codes taken out of packed bits, multiplied, and scaled to weights.
/// </summary>
internal static class CodeSpan
{
    /// <summary>codes[i] += (the bits [from, from + count) of packed[i]) · 2^to.</summary>
    /// <param name="packed">As many bytes as codes.</param>
    /// <param name="from">The lowest bit taken; from + count is at most 8.</param>
    /// <param name="count">Bits taken.</param>
    /// <param name="to">Where the lowest bit goes; to + count is at most 7.</param>
    /// <param name="codes">The codes so far: minus the format's offset, or the lower bits.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddBits(ReadOnlySpan<byte> packed, int from, int count, int to, Span<sbyte> codes)
    {
        byte mask = (byte)((1 << count) - 1);
        int i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            for (; i + Vector128<byte>.Count <= codes.Length; i += Vector128<byte>.Count)
            {
                // There is no shift of bytes: what a shift of 16 bits brings in from the neighbour is masked off.
                Vector128<byte> shifted = (Vector128.Create(packed[i..]).AsUInt16() >>> from).AsByte();
                Vector128<sbyte> bits = ((shifted & Vector128.Create(mask)).AsUInt16() << to).AsSByte();
                (Vector128.Create<sbyte>(codes[i..]) + bits).CopyTo(codes[i..]);
            }
        }

        for (; i < codes.Length; i++)
        {
            codes[i] += (sbyte)(((packed[i] >> from) & mask) << to);
        }
    }

    /// <summary>Sets (the bits [from, from + count) of codes[i]) · 2^to in packed[i], which has zeros there.</summary>
    /// <param name="codes">Codes, none below zero.</param>
    /// <param name="from">The lowest bit taken.</param>
    /// <param name="count">Bits taken.</param>
    /// <param name="to">Where the lowest bit goes; to + count is at most 8.</param>
    /// <param name="packed">As many bytes as codes.</param>
    public static void SetBits(ReadOnlySpan<sbyte> codes, int from, int count, int to, Span<byte> packed)
    {
        int mask = (1 << count) - 1;
        for (int i = 0; i < codes.Length; i++)
        {
            packed[i] |= (byte)(((codes[i] >> from) & mask) << to);
        }
    }

    /// <summary>codes[i] += offset.</summary>
    public static void Add(int offset, Span<sbyte> codes)
    {
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] += (sbyte)offset;
        }
    }

    /// <summary>Σ a[i] · b[i]; exact for up to 2^17 products, each at most 2^14.</summary>
    public static int Dot(ReadOnlySpan<sbyte> a, ReadOnlySpan<sbyte> b)
    {
        int dot = 0;
        for (int i = 0; i < a.Length; i++)
        {
            dot += a[i] * b[i];
        }

        return dot;
    }

    /// <summary>weights[i] = scale · codes[i].</summary>
    public static void Scale(ReadOnlySpan<sbyte> codes, float scale, Span<float> weights) =>
        ScaleAndAdd(codes, scale, -0f, weights); // −0 changes no sum; +0 would turn a weight of −0 into +0.

    /// <summary>weights[i] = scale · codes[i] + minimum, rounded after the product and after the sum.</summary>
    public static void ScaleAndAdd(ReadOnlySpan<sbyte> codes, float scale, float minimum, Span<float> weights)
    {
        weights = weights[..codes.Length];
        int i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            ref float target = ref MemoryMarshal.GetReference(weights);
            for (; i + Vector128<sbyte>.Count <= codes.Length; i += Vector128<sbyte>.Count)
            {
                Vector256<short> wide = Vector256.WidenLower(Vector128.Create(codes[i..]).ToVector256Unsafe());
                Vector256<float> low = Vector256.ConvertToSingle(Vector256.WidenLower(wide));
                Vector256<float> high = Vector256.ConvertToSingle(Vector256.WidenUpper(wide));
                ((low * scale) + Vector256.Create(minimum)).StoreUnsafe(ref target, (nuint)i);
                ((high * scale) + Vector256.Create(minimum)).StoreUnsafe(ref target, (nuint)i + 8);
            }
        }

        for (; i < codes.Length; i++)
        {
            weights[i] = (scale * codes[i]) + minimum;
        }
    }
}
