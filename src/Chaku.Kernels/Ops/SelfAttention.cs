using Chaku.Kernels.Cache;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>
/// Causal attention over the paged cache: y = soft-max(scores) · V, each group of query heads on one KV head. Scores
/// are scale · q · Kᵀ, capped or biased where <see cref="AttentionShape"/> says so.
/// </summary>
/// <remarks>
/// Bits: a query goes through the keys in tiles of <see cref="KvLayout.PageLength"/> at absolute positions, ascending,
/// with the running maximum and sum of arXiv:2205.14135. Keys behind the query or before its window never enter the
/// exponential or the product; tiles that have no other are skipped.
/// </remarks>
internal static class SelfAttention
{
    // Queries on one reading of a page's keys and values, at least; and heads of one group that are worth a reading.
    private const int RowsPerBlock = 128;
    private const int LeastHeads = 4;

    /// <summary>Attention of a batch; keys and values of its own rows are in the cache already.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="shape">Heads, layer and scale.</param>
    /// <param name="segments">The batch's sequences.</param>
    /// <param name="q">[T, heads, head size], float32.</param>
    /// <param name="y">[T, heads, head size]; may not overlap <paramref name="q"/>.</param>
    /// <param name="logSumExp">
    /// [T, heads], kept for <see cref="SelfAttentionBackward"/>; empty when not training.
    /// </param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Forward(
        ComputePool pool,
        AttentionShape shape,
        ReadOnlySpan<KvSpan> segments,
        ReadOnlySpan<float> q,
        Span<float> y,
        Span<float> logSumExp)
    {
        Shape.RequireLength(y.Length, q.Length, nameof(y));
        shape.RequireRows(q.Length, logSumExp.IsEmpty ? null : logSumExp.Length);
        Span<int> firstItems = stackalloc int[segments.Length + 1];
        ItemShape items = ItemShape.Of(shape, segments, pool.ThreadCount);
        for (int i = 0; i < segments.Length; i++)
        {
            firstItems[i + 1] = firstItems[i] + items.CountOf(segments[i].RowCount);
        }

        Work work = new(shape, items, segments, firstItems, q, y, logSumExp);
        pool.Run(firstItems[^1], ref work);
    }

    /// <summary>
    /// An item is some tokens of a sequence × some heads of one group: all of them, unless there are too few items for
    /// the threads. Bits do not depend on it.
    /// </summary>
    /// <param name="TokensPerItem">Tokens.</param>
    /// <param name="HeadsPerItem">Heads.</param>
    /// <param name="PartCount">Parts of a group.</param>
    /// <param name="KvHeadCount">Groups.</param>
    private readonly record struct ItemShape(int TokensPerItem, int HeadsPerItem, int PartCount, int KvHeadCount)
    {
        public static ItemShape Of(AttentionShape shape, ReadOnlySpan<KvSpan> segments, int threadCount)
        {
            int tokens = Math.Max(1, RowsPerBlock / shape.GroupSize);
            int kvHeads = shape.Layout.KvHeadCount;
            ItemShape whole = new(tokens, shape.GroupSize, 1, kvHeads);
            long count = 0;
            foreach (KvSpan segment in segments)
            {
                count += whole.CountOf(segment.RowCount);
            }

            // Two items a thread even out what is left over.
            long wanted = threadCount == 1 ? 1 : 2L * threadCount / Math.Max(count, 1);
            int heads = Math.Max(LeastHeads, (int)(shape.GroupSize / Math.Max(wanted, 1)));
            int parts = (shape.GroupSize + heads - 1) / heads;
            return parts <= 1 ? whole : new ItemShape(tokens, heads, parts, kvHeads);
        }

        public int CountOf(int rowCount) => (rowCount + TokensPerItem - 1) / TokensPerItem * KvHeadCount * PartCount;
    }

    private readonly ref struct Work(
        AttentionShape shape,
        ItemShape items,
        ReadOnlySpan<KvSpan> segments,
        ReadOnlySpan<int> firstItems,
        ReadOnlySpan<float> q,
        Span<float> y,
        Span<float> logSumExp) : IParallelWork
    {
        private readonly AttentionShape _shape = shape;
        private readonly ItemShape _items = items;
        private readonly ReadOnlySpan<KvSpan> _segments = segments;
        private readonly ReadOnlySpan<int> _firstItems = firstItems;
        private readonly ReadOnlySpan<float> _q = q;
        private readonly Span<float> _y = y;
        private readonly Span<float> _logSumExp = logSumExp;

        public void Execute(int index, Scratch scratch)
        {
            int number = 0;
            while (index >= _firstItems[number + 1])
            {
                number++;
            }

            KvSpan segment = _segments[number];
            int item = index - _firstItems[number];
            int part = item % _items.PartCount;
            item /= _items.PartCount;
            int kvHead = item % _items.KvHeadCount;
            int token = item / _items.KvHeadCount * _items.TokensPerItem;
            int tokenCount = Math.Min(_items.TokensPerItem, segment.RowCount - token);
            HeadRange heads = new(
                (kvHead * _shape.GroupSize) + (part * _items.HeadsPerItem),
                Math.Min(_items.HeadsPerItem, _shape.GroupSize - (part * _items.HeadsPerItem)));
            QueryBlock block = new(_shape, segment, heads, token, tokenCount, scratch);
            block.LoadQueries(_q);
            for (int page = block.FirstPage; page * KvLayout.PageLength < block.EndPosition; page++)
            {
                block.AddPage(page);
            }

            block.Store(_y, _logSumExp);
        }
    }

    /// <summary>
    /// The queries of some tokens and of heads on one KV head, with their running maximum, sum and output.
    /// </summary>
    private readonly ref struct QueryBlock
    {
        private const int PageLength = KvLayout.PageLength;

        private readonly AttentionShape _shape;
        private readonly KvSpan _segment;
        private readonly HeadRange _heads;
        private readonly int _token;
        private readonly int _tokenCount;
        private readonly Span<float> _queries;
        private readonly Span<float> _scores;
        private readonly Span<float> _outputs;
        private readonly Span<float> _largest;
        private readonly Span<float> _sums;
        private readonly Span<float> _tile;

        public QueryBlock(
            AttentionShape shape, KvSpan segment, HeadRange heads, int token, int tokenCount, Scratch scratch)
        {
            _shape = shape;
            _segment = segment;
            _heads = heads;
            _token = token;
            _tokenCount = tokenCount;
            int rowCount = tokenCount * heads.Count;
            _queries = scratch.Singles(rowCount * HeadSize);
            _scores = scratch.Singles(rowCount * PageLength);
            _outputs = scratch.Singles(rowCount * HeadSize);
            _largest = scratch.Singles(rowCount);
            _sums = scratch.Singles(rowCount);
            _tile = scratch.Singles(shape.Layout.TileLength);
            _outputs.Clear();
            _sums.Clear();
            _largest.Fill(float.NegativeInfinity);
        }

        /// <summary>The position behind the block's last.</summary>
        public int EndPosition => _segment.Start + _token + _tokenCount;

        /// <summary>The first page that has a key for any of the tokens.</summary>
        public int FirstPage => _shape.FirstPage(_segment.Start + _token);

        private int HeadSize => _shape.Layout.HeadSize;

        private int KvHead => _heads.First / _shape.GroupSize;

        public void LoadQueries(ReadOnlySpan<float> q) => _shape.GatherScaled(
            q, _segment.FirstRow + _token, _tokenCount, _heads, _shape.Scale, _queries);

        public void AddPage(int page)
        {
            int start = page * PageLength;
            int keyCount = Math.Min(PageLength, EndPosition - start);
            int group = _heads.Count;
            ReadOnlySpan<float> keys = _segment.Keys(_shape.Layout, _shape.Layer, KvHead, page, _tile);
            _shape.KeyProducts(keys, _queries, keyCount, _scores);
            bool isWhole = true;
            for (int token = 0; token < _tokenCount; token++)
            {
                (int Begin, int End) visible = Visible(token, start);
                isWhole = isWhole && visible == (0, PageLength);
                for (int row = token * group; row < (token + 1) * group && visible.End > 0; row++)
                {
                    SoftMax(row, start, visible);
                    _segment.Fetch(_shape.Layout, _shape.Layer, KvHead, page + 1, row, _tokenCount * group);
                }
            }

            ReadOnlySpan<float> values = _segment.Values(_shape.Layout, _shape.Layer, KvHead, page, _tile);
            if (isWhole)
            {
                AddValues(values, 0, _tokenCount * group, (0, PageLength));
                return;
            }

            for (int token = 0; token < _tokenCount; token++)
            {
                AddValues(values, token * group, group, Visible(token, start));
            }
        }

        public void Store(Span<float> y, Span<float> logSumExp)
        {
            int group = _heads.Count;
            for (int row = 0; row < _tokenCount * group; row++)
            {
                int head = _heads.First + (row % group);
                int target = ((_segment.FirstRow + _token + (row / group)) * _shape.HeadCount) + head;
                Span<float> output = y.Slice(target * HeadSize, HeadSize);
                float inverse = 1 / _sums[row];
                ReadOnlySpan<float> sum = _outputs.Slice(row * HeadSize, HeadSize);
                for (int i = 0; i < sum.Length; i++)
                {
                    output[i] = sum[i] * inverse;
                }

                if (!logSumExp.IsEmpty)
                {
                    logSumExp[target] = _largest[row] + (float)Math.Log(_sums[row]);
                }
            }
        }

        private (int Begin, int End) Visible(int token, int pageStart) =>
            _shape.Visible(_segment.Start + _token + token, pageStart);

        private void AddValues(ReadOnlySpan<float> values, int row, int rowCount, (int Begin, int End) visible)
        {
            int count = visible.End - visible.Begin;
            OuterTile.Add(
                new StridedMatrix(_scores[((row * PageLength) + visible.Begin)..], rowCount, count, PageLength),
                new StridedMatrix(values[(visible.Begin * HeadSize)..], count, HeadSize, HeadSize),
                _outputs[(row * HeadSize)..],
                HeadSize);
        }

        // Products become e^(score − largest so far); what was summed before is scaled to the new largest.
        private void SoftMax(int row, int pageStart, (int Begin, int End) visible)
        {
            Span<float> scores = _scores.Slice(row * PageLength, PageLength);
            if (!_shape.IsPlain || visible != (0, PageLength))
            {
                int position = _segment.Start + _token + (row / _heads.Count);
                _shape.Score(scores, _heads.First + (row % _heads.Count), pageStart, position, visible);
            }

            float before = _largest[row];
            float largest = MathF.Max(before, SoftMaxTile.Largest(scores));
            if (largest != before && _sums[row] != 0)
            {
                float correction = VectorMath.Exp(before - largest);
                _sums[row] *= correction;
                VectorMath.Scale(correction, _outputs.Slice(row * HeadSize, HeadSize));
            }

            _largest[row] = largest;
            _sums[row] += SoftMaxTile.Powers(scores, largest, visible.Begin, visible.End);
        }
    }
}
