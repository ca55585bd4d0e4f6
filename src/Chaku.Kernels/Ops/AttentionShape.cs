using System.Runtime.Intrinsics;
using Chaku.Kernels.Cache;

namespace Chaku.Kernels.Ops;

/// <summary>
/// One layer's attention: which heads read which keys, where they are, and how scores are made of inner products.
/// </summary>
/// <param name="HeadCount">Query heads; a multiple of the KV heads.</param>
/// <param name="Layout">The cache's layout.</param>
/// <param name="Layer">The layer's number in the cache.</param>
/// <param name="Scale">Factor of the scores; it is multiplied into the queries.</param>
internal readonly record struct AttentionShape(int HeadCount, KvLayout Layout, int Layer, float Scale)
{
    /// <summary>Query heads on one KV head.</summary>
    public int GroupSize => HeadCount / Layout.KvHeadCount;

    /// <summary>Whether scores are products of queries and keys, and nothing else.</summary>
    public bool IsPlain => SoftCap == 0 && Slopes.IsEmpty;

    /// <summary>Keys that a query sees, its own included: position − window + 1 to position; 0 is all.</summary>
    public int Window { get; init; }

    /// <summary>score = cap · tanh(score / cap), after the scale; 0 is none.</summary>
    public float SoftCap { get; init; }

    /// <summary>
    /// [heads]: score += slope · (key's position − query's position); empty is none. Not together with a soft cap.
    /// </summary>
    /// <remarks>Source: arXiv:2108.12409, whose slope · key's position is the same after the soft-max.</remarks>
    public ReadOnlyMemory<float> Slopes { get; init; }

    /// <summary>
    /// Not 0: score += factor · BF16(slope · BF16(key's position)), as a model computes it that adds the bias in BF16
    /// before it scales.
    /// </summary>
    public float RoundedBiasFactor { get; init; }

    /// <summary>
    /// Refuses queries that are no whole rows of heads, log-sums and slopes that are not one a head, and slopes with a
    /// soft cap.
    /// </summary>
    /// <param name="queryLength">Floats of queries.</param>
    /// <param name="logSumCount">Log-sums; null where none are kept.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public void RequireRows(int queryLength, int? logSumCount)
    {
        Shape.RequireLength(HeadCount, (long)GroupSize * Layout.KvHeadCount, nameof(HeadCount));
        int heads = queryLength / (HeadCount * Layout.HeadSize) * HeadCount;
        Shape.RequireLength(queryLength, (long)heads * Layout.HeadSize, nameof(queryLength));
        Shape.RequireLength(logSumCount ?? heads, heads, nameof(logSumCount));
        Shape.RequireLength(Slopes.Length, Slopes.IsEmpty || SoftCap != 0 ? 0 : HeadCount, nameof(Slopes));
        ArgumentOutOfRangeException.ThrowIfNegative(Window);
        ArgumentOutOfRangeException.ThrowIfNegative(SoftCap);
    }

    /// <summary>The first page that has a key in the window of a query.</summary>
    /// <param name="position">The query's position.</param>
    public int FirstPage(int position) =>
        Window == 0 ? 0 : Math.Max(0, position + 1 - Window) / KvLayout.PageLength;

    /// <summary>The keys of a page that a query sees: from the first place to the second, which is not one.</summary>
    /// <param name="position">The query's position.</param>
    /// <param name="pageStart">The position of the page's first key.</param>
    /// <returns>Places in the page; both 0 where it sees none.</returns>
    public (int Begin, int End) Visible(int position, int pageStart)
    {
        int behind = Math.Max(0, position + 1 - pageStart);
        int begin = Window == 0 ? 0 : Math.Max(0, behind - Window);
        return begin < KvLayout.PageLength ? (begin, Math.Min(behind, KvLayout.PageLength)) : (0, 0);
    }

    /// <summary>
    /// Rows of some neighbouring query heads, token after token: gathered [tokens × heads, head size].
    /// </summary>
    /// <param name="x">[T, heads, head size].</param>
    /// <param name="firstRow">The first token's row.</param>
    /// <param name="tokenCount">Tokens.</param>
    /// <param name="heads">The heads.</param>
    /// <param name="scale">Multiplied in.</param>
    /// <param name="gathered">Receives the rows.</param>
    public void GatherScaled(
        ReadOnlySpan<float> x, int firstRow, int tokenCount, HeadRange heads, float scale, Span<float> gathered)
    {
        int width = heads.Count * Layout.HeadSize;
        for (int token = 0; token < tokenCount; token++)
        {
            int source = (((firstRow + token) * HeadCount) + heads.First) * Layout.HeadSize;
            Span<float> rows = gathered.Slice(token * width, width);
            x.Slice(source, width).CopyTo(rows);
            VectorMath.Scale(scale, rows);
        }
    }

    /// <summary>The query heads on a KV head.</summary>
    public HeadRange Group(int kvHead) => new(kvHead * GroupSize, GroupSize);

    /// <summary>
    /// products[row, key] = rows[row] · keys[key], each one FMA chain over the head; 64 places a row.
    /// </summary>
    /// <param name="keys">[head size, page length]; columns behind <paramref name="keyCount"/> hold anything.</param>
    /// <param name="rows">[n, head size].</param>
    /// <param name="keyCount">Keys; up to seven more products are written, of what is there.</param>
    /// <param name="products">[n, page length].</param>
    public void KeyProducts(
        ReadOnlySpan<float> keys, ReadOnlySpan<float> rows, int keyCount, Span<float> products)
    {
        const int Stride = KvLayout.PageLength;
        int rowCount = rows.Length / Layout.HeadSize;
        int columns = (keyCount + VectorMath.Width - 1) / VectorMath.Width * VectorMath.Width;
        products[..(rowCount * Stride)].Clear();
        OuterTile.Add(
            new StridedMatrix(rows, rowCount, Layout.HeadSize, Layout.HeadSize),
            new StridedMatrix(keys, Layout.HeadSize, columns, Stride),
            products,
            Stride);
    }

    /// <summary>products[row, value] = rows[row] · values[value]; 64 places a row.</summary>
    /// <param name="values">[page length, head size]; those behind <paramref name="valueCount"/> are not used.</param>
    /// <param name="rows">[n, head size].</param>
    /// <param name="valueCount">Values.</param>
    /// <param name="products">[n, page length].</param>
    public void ValueProducts(
        ReadOnlySpan<float> values, ReadOnlySpan<float> rows, int valueCount, Span<float> products)
    {
        const int Stride = KvLayout.PageLength;
        int headSize = Layout.HeadSize;
        int rowCount = rows.Length / headSize;
        for (int start = 0; start < headSize; start += FloatMatmul.ChunkLength)
        {
            int length = Math.Min(FloatMatmul.ChunkLength, headSize - start);
            StridedMatrix queries = new(rows[start..], rowCount, length, headSize);
            for (int value = 0; value < valueCount; value += InnerTile.Rows)
            {
                InnerTile.Multiply(
                    new StridedMatrix(values[((value * headSize) + start)..], InnerTile.Rows, length, headSize),
                    queries,
                    isFirst: start == 0,
                    products[value..],
                    Stride,
                    Math.Min(InnerTile.Rows, valueCount - value));
            }
        }
    }

    /// <summary>Products of one query with a page's keys become scores; −∞ where it does not see the key.</summary>
    /// <param name="products">[page length]; what is not visible may hold anything.</param>
    /// <param name="head">The query head.</param>
    /// <param name="pageStart">Position of the page's first key.</param>
    /// <param name="position">Position of the query.</param>
    /// <param name="visible">As <see cref="Visible"/> says.</param>
    public void Score(Span<float> products, int head, int pageStart, int position, (int Begin, int End) visible)
    {
        if (SoftCap != 0)
        {
            Cap(products);
        }

        if (!Slopes.IsEmpty && RoundedBiasFactor == 0)
        {
            AddBias(products, Slopes.Span[head], pageStart - position);
        }
        else if (!Slopes.IsEmpty)
        {
            AddRoundedBias(products, Slopes.Span[head], pageStart);
        }

        products[..visible.Begin].Fill(float.NegativeInfinity);
        products[visible.End..].Fill(float.NegativeInfinity);
    }

    private void Cap(Span<float> scores)
    {
        Vector256<float> cap = Vector256.Create(SoftCap);
        for (int i = 0; i < scores.Length; i += VectorMath.Width)
        {
            Ops.SoftCap.Of(VectorMath.Load(scores, i), cap).CopyTo(scores[i..]);
        }
    }

    private static void AddBias(Span<float> scores, float slope, int distance)
    {
        Vector256<float> slopes = Vector256.Create(slope);
        for (int i = 0; i < scores.Length; i += VectorMath.Width)
        {
            Vector256<float> away = Vector256.ConvertToSingle(Vector256<int>.Indices + Vector256.Create(distance + i));
            Vector256.FusedMultiplyAdd(slopes, away, VectorMath.Load(scores, i)).CopyTo(scores[i..]);
        }
    }

    private void AddRoundedBias(Span<float> scores, float slope, int pageStart)
    {
        Vector256<float> slopes = Vector256.Create(slope);
        Vector256<float> factors = Vector256.Create(RoundedBiasFactor);
        for (int i = 0; i < scores.Length; i += VectorMath.Width)
        {
            Vector256<float> positions =
                Vector256.ConvertToSingle(Vector256<int>.Indices + Vector256.Create(pageStart + i));
            Vector256<float> bias = RoundToBf16(slopes * RoundToBf16(positions));
            Vector256.FusedMultiplyAdd(factors, bias, VectorMath.Load(scores, i)).CopyTo(scores[i..]);
        }
    }

    // To nearest, ties to even; of finite numbers.
    private static Vector256<float> RoundToBf16(Vector256<float> x)
    {
        Vector256<uint> bits = x.AsUInt32();
        bits += Vector256.Create(0x7FFFu) + ((bits >> 16) & Vector256<uint>.One);
        return (bits & Vector256.Create(0xFFFF0000u)).AsSingle();
    }
}

/// <summary>Neighbouring query heads.</summary>
/// <param name="First">The first.</param>
/// <param name="Count">How many.</param>
internal readonly record struct HeadRange(int First, int Count);
