namespace Chaku.Kernels.Cache;

/// <summary>
/// How a page of the cache holds the keys and values of <see cref="PageLength"/> positions, for all layers:
/// [layer][keys, values][KV head][position][head size].
/// </summary>
/// <param name="layerCount">Layers.</param>
/// <param name="kvHeadCount">KV heads.</param>
/// <param name="headSize">Floats in a head.</param>
/// <param name="format">The stored type.</param>
internal sealed class KvLayout(int layerCount, int kvHeadCount, int headSize, KvFormat format)
{
    /// <summary>Positions in a page: the tile of keys that attention's soft-max goes through at a time.</summary>
    public const int PageLength = 64;

    /// <summary>The stored type.</summary>
    public KvFormat Format => format;

    /// <summary>KV heads.</summary>
    public int KvHeadCount => kvHeadCount;

    /// <summary>Floats in a head.</summary>
    public int HeadSize => headSize;

    /// <summary>Floats of one head's keys in a page.</summary>
    public int TileLength => PageLength * headSize;

    /// <summary>Bytes of one head's keys in a page.</summary>
    public int TileByteLength => TileLength * format.ElementByteLength;

    /// <summary>Bytes in a page.</summary>
    public long PageByteLength => 2L * layerCount * kvHeadCount * TileByteLength;

    /// <summary>Offset in bytes of one head's keys.</summary>
    public long KeyOffset(int layer, int kvHead) => ((2L * layer * kvHeadCount) + kvHead) * TileByteLength;

    /// <summary>Offset in bytes of one head's values.</summary>
    public long ValueOffset(int layer, int kvHead) => ((((2L * layer) + 1) * kvHeadCount) + kvHead) * TileByteLength;
}
