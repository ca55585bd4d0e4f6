using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Chaku.Kernels.Formats;
using Chaku.Kernels.Ops;

namespace Chaku.Kernels.Cache;

/// <summary>
/// Blocks of 32 numbers of one head in 8 bits: x ≈ scale · code, the scale max|x| / 127 in half precision, the code
/// x · 127 / max|x| rounded to nearest, ties away from zero. A tile has all codes first, then all scales.
/// </summary>
/// <remarks>
/// Source: ggml, <c>quantize_row_q8_0_ref</c>. What is not finite, or too large for a scale in half precision (above
/// 8.3 million), makes its whole block not finite.
/// </remarks>
internal sealed class KvQ8_0 : KvFormat
{
    private const int Block = 32;
    private const float LargestCode = 127;

    public override string Name => "q8_0";

    public override int BlockLength => Block;

    public override int BlockByteLength => sizeof(ushort) + Block;

    public override void WriteKey(ReadOnlySpan<float> key, int place, Span<byte> tile)
    {
        Span<sbyte> codes = Codes(tile);
        Span<ushort> scales = Scales(tile);
        Span<sbyte> rounded = stackalloc sbyte[Block];
        for (int block = 0; block < key.Length / Block; block++)
        {
            scales[(block * KvLayout.PageLength) + place] = Round(key.Slice(block * Block, Block), rounded);
            for (int i = 0; i < Block; i++)
            {
                codes[(((block * Block) + i) * KvLayout.PageLength) + place] = rounded[i];
            }
        }
    }

    public override void WriteValue(ReadOnlySpan<float> value, int place, Span<byte> tile)
    {
        Span<sbyte> codes = Codes(tile).Slice(place * value.Length, value.Length);
        int blockCount = value.Length / Block;
        Span<ushort> scales = Scales(tile).Slice(place * blockCount, blockCount);
        for (int block = 0; block < blockCount; block++)
        {
            scales[block] = Round(value.Slice(block * Block, Block), codes.Slice(block * Block, Block));
        }
    }

    public override ReadOnlySpan<float> ReadKeys(ReadOnlySpan<byte> tile, Span<float> scratch)
    {
        const int BlockLength = Block * KvLayout.PageLength;
        ReadOnlySpan<sbyte> codes = Codes(tile);
        ReadOnlySpan<ushort> scales = Scales(tile);
        for (int block = 0; block * BlockLength < codes.Length; block++)
        {
            for (int place = 0; place < KvLayout.PageLength; place += VectorMath.Width)
            {
                int scale = (block * KvLayout.PageLength) + place;
                Scale(
                    Fp16.ToSingle(Vector128.Create(scales.Slice(scale, VectorMath.Width))),
                    codes.Slice(block * BlockLength, BlockLength)[place..],
                    KvLayout.PageLength,
                    scratch.Slice(block * BlockLength, BlockLength)[place..]);
            }
        }

        return scratch;
    }

    public override ReadOnlySpan<float> ReadValues(ReadOnlySpan<byte> tile, Span<float> scratch)
    {
        ReadOnlySpan<sbyte> codes = Codes(tile);
        ReadOnlySpan<ushort> scales = Scales(tile);
        for (int block = 0; block < scales.Length; block++)
        {
            Scale(
                Vector256.Create(Fp16.ToSingle(scales[block])),
                codes.Slice(block * Block, Block),
                VectorMath.Width,
                scratch.Slice(block * Block, Block));
        }

        return scratch;
    }

    /// <summary>Rounds a block.</summary>
    /// <param name="x">[32].</param>
    /// <param name="codes">[32], in [−127, 127].</param>
    /// <returns>The scale, half precision.</returns>
    private static ushort Round(ReadOnlySpan<float> x, Span<sbyte> codes)
    {
        float largest = 0;
        foreach (float value in x)
        {
            largest = MathF.Max(largest, MathF.Abs(value));
        }

        float scale = largest / LargestCode;
        float inverse = scale == 0 ? 0 : 1 / scale;
        if (!float.IsFinite(scale) || !float.IsFinite(inverse))
        {
            // The smallest numbers have no inverse: beside anything else they are zero.
            codes.Clear();
            return float.IsFinite(scale) ? (ushort)0 : Fp16.FromSingle(float.NaN);
        }

        for (int i = 0; i < x.Length; i++)
        {
            codes[i] = (sbyte)MathF.Round(x[i] * inverse, MidpointRounding.AwayFromZero);
        }

        ushort half = Fp16.FromSingle(scale);
        return float.IsFinite(Fp16.ToSingle(half)) ? half : Fp16.FromSingle(float.NaN);
    }

    // Vectors of eight codes at a stride, times one vector of scales.
    private static void Scale(Vector256<float> scales, ReadOnlySpan<sbyte> codes, int stride, Span<float> scaled)
    {
        ref sbyte code = ref MemoryMarshal.GetReference(codes);
        ref float target = ref MemoryMarshal.GetReference(scaled);
        nuint last = (nuint)(codes.Length - VectorMath.Width);
        for (nuint i = 0; i <= last; i += (nuint)stride)
        {
            (Vector256.ConvertToSingle(Widen(ref Unsafe.Add(ref code, i))) * scales).StoreUnsafe(ref target, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(ref sbyte codes)
    {
        Vector128<sbyte> eight = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<long>(
            ref Unsafe.As<sbyte, byte>(ref codes))).AsSByte();
        if (Avx2.IsSupported)
        {
            return Avx2.ConvertToVector256Int32(eight);
        }

        (Vector128<int> low, Vector128<int> high) = Vector128.Widen(Vector128.WidenLower(eight));
        return Vector256.Create(low, high);
    }

    private static Span<sbyte> Codes(Span<byte> tile) =>
        MemoryMarshal.Cast<byte, sbyte>(tile)[..(tile.Length / (sizeof(ushort) + Block) * Block)];

    private static ReadOnlySpan<sbyte> Codes(ReadOnlySpan<byte> tile) =>
        MemoryMarshal.Cast<byte, sbyte>(tile)[..(tile.Length / (sizeof(ushort) + Block) * Block)];

    private static Span<ushort> Scales(Span<byte> tile) =>
        MemoryMarshal.Cast<byte, ushort>(tile[(tile.Length / (sizeof(ushort) + Block) * Block)..]);

    private static ReadOnlySpan<ushort> Scales(ReadOnlySpan<byte> tile) =>
        MemoryMarshal.Cast<byte, ushort>(tile[(tile.Length / (sizeof(ushort) + Block) * Block)..]);
}
