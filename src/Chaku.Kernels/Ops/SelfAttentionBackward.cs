using System.Runtime.Intrinsics;
using Chaku.Kernels.Cache;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>
/// The backward of <see cref="SelfAttention"/>: dq, dk and dv, with the soft-max computed again from its log-sum.
/// </summary>
/// <remarks>
/// With P = e^(score − log-sum) and D = Σ dy · y of a query: dv = Pᵀ · dy, dScore = P · (dy · vᵀ − D),
/// dq = scale · dScore · k, dk = dScoreᵀ · (scale · q); where there is a soft cap, dScore is multiplied with its
/// derivative before. Source: arXiv:2205.14135, appendix B. An item is one KV head of one sequence, so that sums over
/// queries have one order.
/// </remarks>
internal static class SelfAttentionBackward
{
    private const int TokenBlock = 16;
    private const int PageLength = KvLayout.PageLength;

    /// <summary>Gradients of a batch whose sequences begin in it.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="shape">As in the forward.</param>
    /// <param name="segments">The batch's sequences; each starts at position 0.</param>
    /// <param name="queries">
    /// Parts of these sequences, in turn, whose rows have queries; the others' rows of q, y and dy are not read, and
    /// their dq is zero.
    /// </param>
    /// <param name="q">[T, heads, head size], the forward's queries.</param>
    /// <param name="y">[T, heads, head size], the forward's output.</param>
    /// <param name="logSumExp">[T, heads], from the forward.</param>
    /// <param name="dy">[T, heads, head size].</param>
    /// <param name="dq">[T, heads, head size], overwritten.</param>
    /// <param name="dk">[T, KV heads, head size], overwritten.</param>
    /// <param name="dv">[T, KV heads, head size], overwritten.</param>
    /// <exception cref="ArgumentException">A sequence does not start at 0, or lengths disagree.</exception>
    public static void Run(
        ComputePool pool,
        AttentionShape shape,
        ReadOnlySpan<KvSpan> segments,
        ReadOnlySpan<KvSpan> queries,
        ReadOnlySpan<float> q,
        ReadOnlySpan<float> y,
        ReadOnlySpan<float> logSumExp,
        ReadOnlySpan<float> dy,
        Span<float> dq,
        Span<float> dk,
        Span<float> dv)
    {
        shape.RequireRows(q.Length, logSumExp.Length);
        Shape.RequireLength(y.Length, q.Length, nameof(y));
        Shape.RequireLength(dy.Length, q.Length, nameof(dy));
        Shape.RequireLength(dq.Length, q.Length, nameof(dq));
        Shape.RequireLength(dk.Length, q.Length / shape.GroupSize, nameof(dk));
        Shape.RequireLength(dv.Length, dk.Length, nameof(dv));
        foreach (KvSpan segment in segments)
        {
            Shape.RequireLength(segment.Start, 0, nameof(segments));
        }

        dq.Clear();
        dk.Clear();
        dv.Clear();
        Work work = new(shape, segments, queries, new Inputs(q, y, logSumExp, dy), new Gradients(dq, dk, dv));
        pool.Run(segments.Length * shape.Layout.KvHeadCount, ref work);
    }

    private readonly ref struct Inputs(
        ReadOnlySpan<float> q, ReadOnlySpan<float> y, ReadOnlySpan<float> logSumExp, ReadOnlySpan<float> dy)
    {
        public readonly ReadOnlySpan<float> Q = q;
        public readonly ReadOnlySpan<float> Y = y;
        public readonly ReadOnlySpan<float> LogSumExp = logSumExp;
        public readonly ReadOnlySpan<float> Dy = dy;
    }

    private readonly ref struct Gradients(Span<float> dq, Span<float> dk, Span<float> dv)
    {
        public readonly Span<float> Dq = dq;
        public readonly Span<float> Dk = dk;
        public readonly Span<float> Dv = dv;
    }

    /// <summary>The rows of one block of tokens, gathered for one KV head.</summary>
    private readonly ref struct Block(Scratch scratch, int rowCount, int headSize)
    {
        public readonly Span<float> Queries = scratch.Singles(rowCount * headSize);
        public readonly Span<float> Outputs = scratch.Singles(rowCount * headSize);
        public readonly Span<float> DOutputs = scratch.Singles(rowCount * headSize);
        public readonly Span<float> DQueries = scratch.Singles(rowCount * headSize);
        public readonly Span<float> Powers = scratch.Singles(rowCount * PageLength);
        public readonly Span<float> DScores = scratch.Singles(rowCount * PageLength);
        public readonly Span<float> LogSums = scratch.Singles(rowCount);
        public readonly Span<float> Projections = scratch.Singles(rowCount);
        public readonly Span<float> Tile = scratch.Singles(PageLength * headSize);
        public readonly Span<float> KeyRows = scratch.Singles(PageLength * headSize);
    }

    private readonly ref struct Work(
        AttentionShape shape,
        ReadOnlySpan<KvSpan> segments,
        ReadOnlySpan<KvSpan> queries,
        Inputs inputs,
        Gradients gradients) : IParallelWork
    {
        private readonly AttentionShape _shape = shape;
        private readonly ReadOnlySpan<KvSpan> _segments = segments;
        private readonly ReadOnlySpan<KvSpan> _queries = queries;
        private readonly Inputs _inputs = inputs;
        private readonly Gradients _gradients = gradients;

        private int HeadSize => _shape.Layout.HeadSize;

        public void Execute(int index, Scratch scratch)
        {
            int kvHead = index % _shape.Layout.KvHeadCount;
            KvSpan segment = _segments[index / _shape.Layout.KvHeadCount];
            foreach (KvSpan part in _queries)
            {
                // A sequence starts at position 0, so that a part of it lies where its position says.
                if (part.FirstRow - part.Start == segment.FirstRow)
                {
                    AddQueries(segment, part.Start, part.Start + part.RowCount, kvHead, scratch);
                }
            }
        }

        private void AddQueries(KvSpan segment, int start, int end, int kvHead, Scratch scratch)
        {
            for (int token = start; token < end; token += TokenBlock)
            {
                scratch.Reset();
                int tokenCount = Math.Min(TokenBlock, end - token);
                Block block = new(scratch, tokenCount * _shape.GroupSize, HeadSize);
                Load(block, segment.FirstRow + token, tokenCount, kvHead);
                for (int page = _shape.FirstPage(token); page * PageLength < token + tokenCount; page++)
                {
                    AddPage(block, segment, kvHead, token, tokenCount, page);
                }

                StoreDq(block, segment.FirstRow + token, tokenCount, kvHead);
            }
        }

        private void Load(Block block, int firstRow, int tokenCount, int kvHead)
        {
            HeadRange heads = _shape.Group(kvHead);
            _shape.GatherScaled(_inputs.Q, firstRow, tokenCount, heads, _shape.Scale, block.Queries);
            _shape.GatherScaled(_inputs.Y, firstRow, tokenCount, heads, 1, block.Outputs);
            _shape.GatherScaled(_inputs.Dy, firstRow, tokenCount, heads, 1, block.DOutputs);
            block.DQueries.Clear();
            int group = _shape.GroupSize;
            for (int row = 0; row < tokenCount * group; row++)
            {
                int source = ((firstRow + (row / group)) * _shape.HeadCount) + (kvHead * group) + (row % group);
                block.LogSums[row] = _inputs.LogSumExp[source];
                block.Projections[row] = VectorMath.Dot(
                    block.Outputs.Slice(row * HeadSize, HeadSize), block.DOutputs.Slice(row * HeadSize, HeadSize));
            }
        }

        private void AddPage(Block block, KvSpan segment, int kvHead, int token, int tokenCount, int page)
        {
            int start = page * PageLength;
            int keyCount = Math.Min(PageLength, token + tokenCount - start);
            int rowCount = tokenCount * _shape.GroupSize;
            int kvWidth = _shape.Layout.KvHeadCount * HeadSize;
            int target = ((segment.FirstRow + start) * kvWidth) + (kvHead * HeadSize);
            ReadOnlySpan<float> values = segment.Values(_shape.Layout, _shape.Layer, kvHead, page, block.Tile);
            _shape.ValueProducts(values, block.DOutputs, keyCount, block.DScores);
            ReadOnlySpan<float> keys = segment.Keys(_shape.Layout, _shape.Layer, kvHead, page, block.Tile);
            _shape.KeyProducts(keys, block.Queries, keyCount, block.Powers);
            for (int row = 0; row < rowCount; row++)
            {
                int position = token + (row / _shape.GroupSize);
                int head = (kvHead * _shape.GroupSize) + (row % _shape.GroupSize);
                (int Begin, int End) visible = _shape.Visible(position, start);
                Span<float> scores = block.Powers.Slice(row * PageLength, PageLength);
                Span<float> gradients = block.DScores.Slice(row * PageLength, PageLength);
                _shape.Score(scores, head, start, position, visible);
                gradients[..visible.Begin].Clear();
                gradients[visible.End..].Clear();
                Differentiate(scores, gradients, block.LogSums[row], block.Projections[row]);
            }

            StridedMatrix dScores = new(block.DScores, rowCount, keyCount, PageLength);
            StridedMatrix powers = new(block.Powers, rowCount, keyCount, PageLength);
            Transpose(keys, keyCount, block.KeyRows);
            OuterTile.Add(
                dScores, new StridedMatrix(block.KeyRows, keyCount, HeadSize, HeadSize), block.DQueries, HeadSize);
            OuterTile.Add(
                dScores.Transposed,
                new StridedMatrix(block.Queries, rowCount, HeadSize, HeadSize),
                _gradients.Dk[target..],
                kvWidth);
            OuterTile.Add(
                powers.Transposed,
                new StridedMatrix(block.DOutputs, rowCount, HeadSize, HeadSize),
                _gradients.Dv[target..],
                kvWidth);
        }

        private void Transpose(ReadOnlySpan<float> keys, int keyCount, Span<float> rows)
        {
            for (int i = 0; i < HeadSize; i++)
            {
                ReadOnlySpan<float> column = keys.Slice(i * PageLength, keyCount);
                for (int key = 0; key < column.Length; key++)
                {
                    rows[(key * HeadSize) + i] = column[key];
                }
            }
        }

        // Scores become powers, products of dy and v become gradients of the products of q and k; both are 0 where the
        // key is not visible.
        private void Differentiate(Span<float> powers, Span<float> dScores, float logSum, float projection)
        {
            for (int i = 0; i < PageLength; i += VectorMath.Width)
            {
                Vector256<float> score = VectorMath.Load(powers, i);
                Vector256<float> power = VectorMath.Exp(score - Vector256.Create(logSum));
                Vector256<float> dScore = power * (VectorMath.Load(dScores, i) - Vector256.Create(projection));
                power.CopyTo(powers[i..]);
                if (_shape.SoftCap != 0)
                {
                    // An invisible key's score is −∞: its gradient is 0 already, and stays so.
                    Vector256<float> cap = Vector256.Create(_shape.SoftCap);
                    dScore *= SoftCap.DerivativeFrom(Vector256.MaxNative(score, -cap), cap);
                }

                dScore.CopyTo(dScores[i..]);
            }
        }

        private void StoreDq(Block block, int firstRow, int tokenCount, int kvHead)
        {
            int width = _shape.GroupSize * HeadSize;
            VectorMath.Scale(_shape.Scale, block.DQueries);
            for (int token = 0; token < tokenCount; token++)
            {
                int target = (((firstRow + token) * _shape.HeadCount) + (kvHead * _shape.GroupSize)) * HeadSize;
                block.DQueries.Slice(token * width, width).CopyTo(_gradients.Dq.Slice(target, width));
            }
        }
    }
}
