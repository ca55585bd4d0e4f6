using System.Runtime.InteropServices;

namespace Chaku.Kernels.Cache;

/// <summary>float32: nothing is rounded.</summary>
internal sealed class KvF32 : KvFormat
{
    public override string Name => "f32";

    public override int BlockLength => 1;

    public override int BlockByteLength => sizeof(float);

    public override void WriteKey(ReadOnlySpan<float> key, int place, Span<byte> tile)
    {
        Span<float> columns = MemoryMarshal.Cast<byte, float>(tile);
        for (int i = 0; i < key.Length; i++)
        {
            columns[(i * KvLayout.PageLength) + place] = key[i];
        }
    }

    public override void WriteValue(ReadOnlySpan<float> value, int place, Span<byte> tile) =>
        value.CopyTo(MemoryMarshal.Cast<byte, float>(tile)[(place * value.Length)..]);

    public override ReadOnlySpan<float> ReadKeys(ReadOnlySpan<byte> tile, Span<float> scratch) =>
        MemoryMarshal.Cast<byte, float>(tile);

    public override ReadOnlySpan<float> ReadValues(ReadOnlySpan<byte> tile, Span<float> scratch) =>
        MemoryMarshal.Cast<byte, float>(tile);
}
