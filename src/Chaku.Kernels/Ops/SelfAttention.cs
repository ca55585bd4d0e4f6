using System.Runtime.Intrinsics;
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
    private const int TokenBlock = 16;

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
        for (int i = 0; i < segments.Length; i++)
        {
            int blocks = (segments[i].RowCount + TokenBlock - 1) / TokenBlock;
            firstItems[i + 1] = firstItems[i] + (blocks * shape.Layout.KvHeadCount);
        }

        Work work = new(shape, segments, firstItems, q, y, logSumExp);
        pool.Run(firstItems[^1], ref work);
    }

    private readonly ref struct Work(
        AttentionShape shape,
        ReadOnlySpan<KvSpan> segments,
        ReadOnlySpan<int> firstItems,
        ReadOnlySpan<float> q,
        Span<float> y,
        Span<float> logSumExp) : IParallelWork
    {
        private readonly AttentionShape _shape = shape;
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
            int kvHead = item % _shape.Layout.KvHeadCount;
            int token = item / _shape.Layout.KvHeadCount * TokenBlock;
            int tokenCount = Math.Min(TokenBlock, segment.RowCount - token);
            QueryBlock block = new(_shape, segment, kvHead, token, tokenCount, scratch);
            block.LoadQueries(_q);
            for (int page = block.FirstPage; page * KvLayout.PageLength < block.EndPosition; page++)
            {
                block.AddPage(page);
            }

            block.Store(_y, _logSumExp);
        }
    }

    /// <summary>The queries of some tokens on one KV head, with their running maximum, sum and output.</summary>
    private readonly ref struct QueryBlock
    {
        private const int PageLength = KvLayout.PageLength;

        private readonly AttentionShape _shape;
        private readonly KvSpan _segment;
        private readonly int _kvHead;
        private readonly int _token;
        private readonly int _tokenCount;
        private readonly Span<float> _queries;
        private readonly Span<float> _scores;
        private readonly Span<float> _outputs;
        private readonly Span<float> _largest;
        private readonly Span<float> _sums;
        private readonly Span<float> _tile;

        public QueryBlock(
            AttentionShape shape, KvSpan segment, int kvHead, int token, int tokenCount, Scratch scratch)
        {
            _shape = shape;
            _segment = segment;
            _kvHead = kvHead;
            _token = token;
            _tokenCount = tokenCount;
            int rowCount = tokenCount * shape.GroupSize;
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

        public void LoadQueries(ReadOnlySpan<float> q) => _shape.GatherScaled(
            q, _segment.FirstRow + _token, _tokenCount, _kvHead, _shape.Scale, _queries);

        public void AddPage(int page)
        {
            int start = page * PageLength;
            int keyCount = Math.Min(PageLength, EndPosition - start);
            int group = _shape.GroupSize;
            ReadOnlySpan<float> keys = _segment.Keys(_shape.Layout, _shape.Layer, _kvHead, page, _tile);
            AttentionShape.InnerProducts(keys, _queries, keyCount, HeadSize, _scores);
            bool isWhole = true;
            for (int token = 0; token < _tokenCount; token++)
            {
                (int Begin, int End) visible = Visible(token, start);
                isWhole = isWhole && visible == (0, PageLength);
                for (int row = token * group; row < (token + 1) * group && visible.End > 0; row++)
                {
                    SoftMax(row, start, visible);
                }
            }

            ReadOnlySpan<float> values = _segment.Values(_shape.Layout, _shape.Layer, _kvHead, page, _tile);
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
            int group = _shape.GroupSize;
            for (int row = 0; row < _tokenCount * group; row++)
            {
                int head = (_kvHead * group) + (row % group);
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
            int group = _shape.GroupSize;
            Span<float> scores = _scores.Slice(row * PageLength, PageLength);
            int position = _segment.Start + _token + (row / group);
            _shape.Score(scores, (_kvHead * group) + (row % group), pageStart, position, visible);
            Vector256<float> lanes = VectorMath.Load(scores, 0);
            for (int i = VectorMath.Width; i < PageLength; i += VectorMath.Width)
            {
                lanes = Vector256.Max(lanes, VectorMath.Load(scores, i));
            }

            float largest = _largest[row];
            for (int lane = 0; lane < VectorMath.Width; lane++)
            {
                largest = MathF.Max(largest, lanes[lane]);
            }

            if (largest != _largest[row] && _sums[row] != 0)
            {
                float correction = VectorMath.Exp(_largest[row] - largest);
                _sums[row] *= correction;
                VectorMath.Scale(correction, _outputs.Slice(row * HeadSize, HeadSize));
            }

            _largest[row] = largest;
            Vector256<float> shift = Vector256.Create(largest);
            Vector256<float> sum = Vector256<float>.Zero;
            for (int i = visible.Begin & -VectorMath.Width; i < visible.End; i += VectorMath.Width)
            {
                Vector256<float> power = VectorMath.Exp(VectorMath.Load(scores, i) - shift);
                power.CopyTo(scores[i..]);
                sum += power;
            }

            _sums[row] += VectorMath.Sum(sum);
        }
    }
}
