namespace Chaku.Kernels.Cache;

/// <summary>
/// How a page of the cache holds the keys and values of <see cref="PageLength"/> positions, for all layers:
/// [layer][keys, values][KV head][a tile as <see cref="KvFormat"/> says].
/// </summary>
/// <param name="layerCount">Layers.</param>
/// <param name="kvHeadCount">KV heads.</param>
/// <param name="headSize">Floats in a head; a multiple of the format's block.</param>
/// <param name="format">The stored type.</param>
/// <exception cref="ArgumentException">The stored type does not divide the head.</exception>
internal sealed class KvLayout(int layerCount, int kvHeadCount, int headSize, KvFormat format)
{
    /// <summary>Positions in a page: the tile of keys that attention's soft-max goes through at a time.</summary>
    public const int PageLength = 64;

    /// <summary>The stored type.</summary>
    public KvFormat Format => format;

    /// <summary>KV heads.</summary>
    public int KvHeadCount => kvHeadCount;

    /// <summary>Floats in a head.</summary>
    public int HeadSize { get; } = headSize % format.BlockLength == 0
        ? headSize
        : throw new ArgumentException(
            $"a cache of {format.Name} has heads of a multiple of {format.BlockLength}, and these have {headSize}: " +
            $"another cache type fits");

    /// <summary>Floats of one head's keys in a page.</summary>
    public int TileLength => PageLength * HeadSize;

    /// <summary>Bytes of one head's keys in a page.</summary>
    public int TileByteLength => TileLength / format.BlockLength * format.BlockByteLength;

    /// <summary>Bytes in a page.</summary>
    public long PageByteLength => 2L * layerCount * kvHeadCount * TileByteLength;

    /// <summary>Offset in bytes of one head's keys.</summary>
    public long KeyOffset(int layer, int kvHead) => ((2L * layer * kvHeadCount) + kvHead) * TileByteLength;

    /// <summary>Offset in bytes of one head's values.</summary>
    public long ValueOffset(int layer, int kvHead) => ((((2L * layer) + 1) * kvHeadCount) + kvHead) * TileByteLength;
}
