using System.Runtime.InteropServices;
using Chaku.Kernels.Formats;

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

    private static ReadOnlySpan<float> Read(ReadOnlySpan<byte> tile, Span<float> scratch)
    {
        Fp16.ToSingle(MemoryMarshal.Cast<byte, ushort>(tile), scratch);
        return scratch;
    }
}
