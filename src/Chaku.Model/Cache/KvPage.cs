using Chaku.Kernels.Memory;

namespace Chaku.Model.Cache;

/// <summary>Keys and values of 64 positions. Once full it is never written again, and sequences share it.</summary>
internal sealed class KvPage(NativeBuffer buffer)
{
    /// <summary>The memory, as <see cref="Kernels.Cache.KvLayout"/> divides it.</summary>
    public NativeBuffer Buffer => buffer;

    /// <summary>Sequences that use the page.</summary>
    public int UserCount { get; set; }

    /// <summary>When it was last used, in the cache's own count.</summary>
    public long LastUse { get; set; }

    /// <summary>What the page holds, once it is full; null before.</summary>
    public KvPageKey? Key { get; set; }
}
