namespace Chaku.Kernels.Cache;

/// <summary>How keys and values are stored in the cache: an entry of <see cref="KvFormats.All"/>.</summary>
/// <remarks>
/// A tile has one head's keys, or values, of the <see cref="KvLayout.PageLength"/> positions of a page. Values lie row
/// by row, [page length, head size]. Keys lie column by column, [head size, page length]: a vector then holds one
/// number of eight keys, and attention adds up eight scores at a time.
/// </remarks>
internal abstract class KvFormat
{
    /// <summary>The name that a command line takes.</summary>
    public abstract string Name { get; }

    /// <summary>Numbers of a head that are rounded together; its size is a multiple.</summary>
    public abstract int BlockLength { get; }

    /// <summary>Bytes that a block takes.</summary>
    public abstract int BlockByteLength { get; }

    /// <summary>Rounds a key into its place in a tile.</summary>
    /// <param name="key">[head size], float32.</param>
    /// <param name="place">Its column.</param>
    /// <param name="tile">The tile.</param>
    public abstract void WriteKey(ReadOnlySpan<float> key, int place, Span<byte> tile);

    /// <summary>Rounds a value into its place in a tile.</summary>
    /// <param name="value">[head size], float32.</param>
    /// <param name="place">Its row.</param>
    /// <param name="tile">The tile.</param>
    public abstract void WriteValue(ReadOnlySpan<float> value, int place, Span<byte> tile);

    /// <summary>Reads keys back.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="scratch">[head size × page length]; used where the stored type is not float32 itself.</param>
    /// <returns>[head size, page length]: the scratch, or a view of what is stored.</returns>
    public abstract ReadOnlySpan<float> ReadKeys(ReadOnlySpan<byte> tile, Span<float> scratch);

    /// <summary>Reads values back.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="scratch">[page length × head size]; used where the stored type is not float32 itself.</param>
    /// <returns>[page length, head size]: the scratch, or a view of what is stored.</returns>
    public abstract ReadOnlySpan<float> ReadValues(ReadOnlySpan<byte> tile, Span<float> scratch);
}
