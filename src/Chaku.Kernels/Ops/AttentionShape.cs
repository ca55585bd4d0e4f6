using Chaku.Kernels.Cache;

namespace Chaku.Kernels.Ops;

/// <summary>One layer's attention: which heads read which keys, where they are, and how scores are scaled.</summary>
/// <param name="HeadCount">Query heads; a multiple of the KV heads.</param>
/// <param name="Layout">The cache's layout.</param>
/// <param name="Layer">The layer's number in the cache.</param>
/// <param name="Scale">Factor of the scores; it is multiplied into the queries.</param>
internal readonly record struct AttentionShape(int HeadCount, KvLayout Layout, int Layer, float Scale)
{
    /// <summary>Query heads on one KV head.</summary>
    public int GroupSize => HeadCount / Layout.KvHeadCount;

    /// <summary>Refuses queries that are no whole rows of heads, and log-sums that are not one a head.</summary>
    /// <param name="queryLength">Floats of queries.</param>
    /// <param name="logSumCount">Log-sums; null where none are kept.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public void RequireRows(int queryLength, int? logSumCount)
    {
        Shape.RequireLength(HeadCount, (long)GroupSize * Layout.KvHeadCount, nameof(HeadCount));
        int heads = queryLength / (HeadCount * Layout.HeadSize) * HeadCount;
        Shape.RequireLength(queryLength, (long)heads * Layout.HeadSize, nameof(queryLength));
        Shape.RequireLength(logSumCount ?? heads, heads, nameof(logSumCount));
    }

    /// <summary>Rows of a KV head's query heads, token after token: gathered [tokens × group, head size].</summary>
    /// <param name="x">[T, heads, head size].</param>
    /// <param name="firstRow">The first token's row.</param>
    /// <param name="tokenCount">Tokens.</param>
    /// <param name="kvHead">The KV head.</param>
    /// <param name="scale">Multiplied in.</param>
    /// <param name="gathered">Receives the rows.</param>
    public void GatherScaled(
        ReadOnlySpan<float> x, int firstRow, int tokenCount, int kvHead, float scale, Span<float> gathered)
    {
        int width = GroupSize * Layout.HeadSize;
        for (int token = 0; token < tokenCount; token++)
        {
            int source = (((firstRow + token) * HeadCount) + (kvHead * GroupSize)) * Layout.HeadSize;
            Span<float> rows = gathered.Slice(token * width, width);
            x.Slice(source, width).CopyTo(rows);
            VectorMath.Scale(scale, rows);
        }
    }

    /// <summary>products[row, key] = rows[row] · keys[key]; 64 places a row.</summary>
    /// <param name="keys">[page length, head size]; those behind <paramref name="keyCount"/> are not used.</param>
    /// <param name="rows">[n, head size].</param>
    /// <param name="keyCount">Keys.</param>
    /// <param name="headSize">Floats in a head.</param>
    /// <param name="products">[n, page length].</param>
    public static void InnerProducts(
        ReadOnlySpan<float> keys, ReadOnlySpan<float> rows, int keyCount, int headSize, Span<float> products)
    {
        const int Stride = KvLayout.PageLength;
        int rowCount = rows.Length / headSize;
        for (int start = 0; start < headSize; start += FloatMatmul.ChunkLength)
        {
            int length = Math.Min(FloatMatmul.ChunkLength, headSize - start);
            StridedMatrix queries = new(rows[start..], rowCount, length, headSize);
            for (int key = 0; key < keyCount; key += InnerTile.Rows)
            {
                InnerTile.Multiply(
                    new StridedMatrix(keys[((key * headSize) + start)..], InnerTile.Rows, length, headSize),
                    queries,
                    isFirst: start == 0,
                    products[key..],
                    Stride,
                    Math.Min(InnerTile.Rows, keyCount - key));
            }
        }
    }
}
