using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Chaku.Kernels.Formats;
using Chaku.Kernels.Ops;

namespace Chaku.Kernels.Cache;

/// <summary>Half precision, rounded to nearest, ties to even; too large becomes infinity.</summary>
internal sealed class KvF16 : KvFormat
{
    public override string Name => "f16";

    public override int BlockLength => 1;

    public override int BlockByteLength => sizeof(ushort);

    public override void WriteKey(ReadOnlySpan<float> key, int place, Span<byte> tile)
    {
        const int Piece = 64;
        Span<ushort> columns = MemoryMarshal.Cast<byte, ushort>(tile);
        Span<ushort> halves = stackalloc ushort[Piece];
        for (int start = 0; start < key.Length; start += Piece)
        {
            int count = Math.Min(Piece, key.Length - start);
            Fp16.FromSingle(key.Slice(start, count), halves[..count]);
            for (int i = 0; i < count; i++)
            {
                columns[((start + i) * KvLayout.PageLength) + place] = halves[i];
            }
        }
    }

    public override void WriteValue(ReadOnlySpan<float> value, int place, Span<byte> tile) =>
        Fp16.FromSingle(value, MemoryMarshal.Cast<byte, ushort>(tile).Slice(place * value.Length, value.Length));

    public override ReadOnlySpan<float> ReadKeys(ReadOnlySpan<byte> tile, Span<float> scratch) => Read(tile, scratch);

    public override ReadOnlySpan<float> ReadValues(ReadOnlySpan<byte> tile, Span<float> scratch) =>
        Read(tile, scratch);

    // A tile's length is a multiple of the page's, and so of four vectors.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static ReadOnlySpan<float> Read(ReadOnlySpan<byte> tile, Span<float> scratch)
    {
        const nuint Width = VectorMath.Width;
        ReadOnlySpan<ushort> halves = MemoryMarshal.Cast<byte, ushort>(tile);
        Shape.RequireLength(scratch.Length, halves.Length, nameof(scratch));
        Shape.RequireLength(halves.Length % KvLayout.PageLength, 0, nameof(tile));
        ref ushort source = ref MemoryMarshal.GetReference(halves);
        ref float target = ref MemoryMarshal.GetReference(scratch);
        for (nuint i = 0; i < (nuint)halves.Length; i += 4 * Width)
        {
            Fp16.ToSingle(Vector128.LoadUnsafe(ref source, i)).StoreUnsafe(ref target, i);
            Fp16.ToSingle(Vector128.LoadUnsafe(ref source, i + Width)).StoreUnsafe(ref target, i + Width);
            Fp16.ToSingle(Vector128.LoadUnsafe(ref source, i + (2 * Width))).StoreUnsafe(ref target, i + (2 * Width));
            Fp16.ToSingle(Vector128.LoadUnsafe(ref source, i + (3 * Width))).StoreUnsafe(ref target, i + (3 * Width));
        }

        return scratch;
    }
}
