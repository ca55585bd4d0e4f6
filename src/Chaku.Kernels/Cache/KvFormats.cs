namespace Chaku.Kernels.Cache;

/// <summary>The table of cache types. A new one is one file and one line here.</summary>
internal static class KvFormats
{
    /// <summary>float32: nothing is rounded.</summary>
    public static readonly KvFormat F32 = new KvF32();

    /// <summary>Half precision: half the memory, eleven bits.</summary>
    public static readonly KvFormat F16 = new KvF16();

    /// <summary>Blocks of 32 in 8 bits: about a quarter of the memory.</summary>
    public static readonly KvFormat Q8_0 = new KvQ8_0();

    /// <summary>Every cache type.</summary>
    public static readonly IReadOnlyList<KvFormat> All = [F32, F16, Q8_0];
}
