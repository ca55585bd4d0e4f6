using System.Runtime.InteropServices;
using Chaku.Kernels.Formats;

namespace Chaku.Kernels.Cache;

/// <summary>How keys and values are stored in the cache: an entry of <see cref="KvFormats.All"/>.</summary>
internal abstract class KvFormat
{
    /// <summary>The name that a command line takes.</summary>
    public abstract string Name { get; }

    /// <summary>Bytes of one float's place.</summary>
    public abstract int ElementByteLength { get; }

    /// <summary>Rounds a row of keys or values into the cache's type.</summary>
    /// <param name="row">[n], float32.</param>
    /// <param name="stored">[n × <see cref="ElementByteLength"/>].</param>
    public abstract void Write(ReadOnlySpan<float> row, Span<byte> stored);

    /// <summary>Reads stored rows back as float32.</summary>
    /// <param name="stored">[n × <see cref="ElementByteLength"/>].</param>
    /// <param name="scratch">[n]; used where the stored type is not float32 itself.</param>
    /// <returns>[n]: the scratch, or a view of what is stored.</returns>
    public abstract ReadOnlySpan<float> Read(ReadOnlySpan<byte> stored, Span<float> scratch);
}

/// <summary>The table of cache types. A new one is one class and one entry here.</summary>
internal static class KvFormats
{
    /// <summary>float32: nothing is rounded.</summary>
    public static readonly KvFormat F32 = new KvF32();

    /// <summary>Half precision: half the memory, eleven bits.</summary>
    public static readonly KvFormat F16 = new KvF16();

    /// <summary>Every cache type.</summary>
    public static readonly IReadOnlyList<KvFormat> All = [F32, F16];

    private sealed class KvF32 : KvFormat
    {
        public override string Name => "f32";

        public override int ElementByteLength => sizeof(float);

        public override void Write(ReadOnlySpan<float> row, Span<byte> stored) =>
            MemoryMarshal.AsBytes(row).CopyTo(stored);

        public override ReadOnlySpan<float> Read(ReadOnlySpan<byte> stored, Span<float> scratch) =>
            MemoryMarshal.Cast<byte, float>(stored);
    }

    private sealed class KvF16 : KvFormat
    {
        public override string Name => "f16";

        public override int ElementByteLength => sizeof(ushort);

        public override void Write(ReadOnlySpan<float> row, Span<byte> stored) =>
            Fp16.FromSingle(row, MemoryMarshal.Cast<byte, ushort>(stored));

        public override ReadOnlySpan<float> Read(ReadOnlySpan<byte> stored, Span<float> scratch)
        {
            Fp16.ToSingle(MemoryMarshal.Cast<byte, ushort>(stored), scratch);
            return scratch;
        }
    }
}
