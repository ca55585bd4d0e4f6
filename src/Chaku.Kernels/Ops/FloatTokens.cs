using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>
/// Activations as <see cref="FloatMatmul"/> reads them, a chunk of columns at a time: where they lie, or, where many
/// rows of weights read many of them, from a copy in which the chunk's rows lie together. In the matrix itself they are
/// pages apart, and fall on the same few lines of the caches.
/// </summary>
internal readonly ref struct FloatTokens
{
    private const int ChunkLength = FloatMatmul.ChunkLength;

    // From here on the copy costs less than it saves.
    private const int ManyTokens = 16;
    private const int ManyRows = 64;

    // More than this is not copied: 1 GiB.
    private const long MostCopied = 1 << 28;

    // Rows that lie this far apart do not fall on the same lines of the cache.
    private const int Stride = ChunkLength + 8;

    private readonly ReadOnlySpan<float> _packed;

    /// <summary>Activations, copied with the pool's threads if that pays.</summary>
    /// <param name="pool">Threads; the copy lies in its scratch memory, until its next use.</param>
    /// <param name="values">[T, K], float32.</param>
    /// <param name="columns">K.</param>
    /// <param name="rows">Rows of weights that will read them.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public FloatTokens(ComputePool pool, ReadOnlySpan<float> values, int columns, int rows)
    {
        Values = values;
        Columns = columns;
        Count = values.Length / columns;
        Shape.RequireLength(values.Length, (long)Count * columns, nameof(values));
        long length = (columns + ChunkLength - 1L) / ChunkLength * Count * Stride;
        if (Count < ManyTokens || rows < ManyRows || length > MostCopied)
        {
            return;
        }

        pool.SharedScratch.Reset();
        Span<float> packed = pool.SharedScratch.Singles((int)length);
        _packed = packed;
        PackWork work = new(this, packed);
        pool.Run(Count, ref work);
    }

    /// <summary>[T, K], as they were given.</summary>
    public ReadOnlySpan<float> Values { get; }

    /// <summary>T.</summary>
    public int Count { get; }

    /// <summary>K.</summary>
    public int Columns { get; }

    /// <summary>Some tokens' chunk.</summary>
    /// <param name="token">The first.</param>
    /// <param name="count">How many.</param>
    /// <param name="start">The chunk's first column.</param>
    /// <returns>[count, columns of the chunk].</returns>
    public StridedMatrix Chunk(int token, int count, int start)
    {
        int length = Math.Min(ChunkLength, Columns - start);
        return _packed.IsEmpty
            ? new StridedMatrix(Values[((token * Columns) + start)..], count, length, Columns)
            : new StridedMatrix(_packed[(((start / ChunkLength * Count) + token) * Stride)..], count, length, Stride);
    }

    private readonly ref struct PackWork(FloatTokens tokens, Span<float> packed) : IParallelWork
    {
        private readonly FloatTokens _tokens = tokens;
        private readonly Span<float> _packed = packed;

        public void Execute(int index, Scratch scratch)
        {
            ReadOnlySpan<float> row = _tokens.Values.Slice(index * _tokens.Columns, _tokens.Columns);
            for (int chunk = 0; chunk * ChunkLength < row.Length; chunk++)
            {
                int length = Math.Min(ChunkLength, row.Length - (chunk * ChunkLength));
                row.Slice(chunk * ChunkLength, length).CopyTo(_packed[(((chunk * _tokens.Count) + index) * Stride)..]);
            }
        }
    }
}
