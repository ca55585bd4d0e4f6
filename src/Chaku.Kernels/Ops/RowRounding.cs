using Chaku.Kernels.Formats;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>Where <see cref="RowRounding"/> has its weights from.</summary>
internal interface IWeightRows
{
    /// <summary>Reads a row.</summary>
    /// <param name="row">Its number; several threads read at a time.</param>
    /// <param name="weights">[columns], overwritten.</param>
    void Read(int row, Span<float> weights);
}

/// <summary>Rows of weights stored in a format, and what that loses.</summary>
/// <remarks>A row is rounded by one thread: neither bytes nor errors depend on how many there are.</remarks>
internal static class RowRounding
{
    private const int LeastWeightsPerItem = 1 << 14;

    /// <summary>Stores rows.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="source">The rows.</param>
    /// <param name="columns">Weights in a row; a multiple of the format's blocks.</param>
    /// <param name="importance">[columns]: how much an error counts; empty where nothing is known.</param>
    /// <param name="format">What they are stored as.</param>
    /// <param name="target">Whole rows in that format, overwritten.</param>
    /// <returns>The squares of the errors and of the weights, added up; not finite where a weight is not.</returns>
    /// <exception cref="ArgumentException">The target is not of whole rows.</exception>
    public static RoundingError Run<TRows>(
        ComputePool pool,
        TRows source,
        int columns,
        ReadOnlySpan<float> importance,
        TensorFormat format,
        Span<byte> target)
        where TRows : IWeightRows, allows ref struct
    {
        long rowByteLength = format.ByteLength(columns);
        int rows = (int)(target.Length / rowByteLength);
        Shape.RequireLength(target.Length, rows * rowByteLength, nameof(target));
        int rowsPerItem = Math.Max(1, LeastWeightsPerItem / columns);
        RoundingError[] errors = new RoundingError[(rows + rowsPerItem - 1) / rowsPerItem];
        Work<TRows> work = new(source, columns, importance, format, target, rows, rowsPerItem, errors);
        pool.Run(errors.Length, ref work);
        return errors.Aggregate(default(RoundingError), (sum, item) => sum + item);
    }

    private readonly ref struct Work<TRows>(
        TRows source,
        int columns,
        ReadOnlySpan<float> importance,
        TensorFormat format,
        Span<byte> target,
        int rows,
        int rowsPerItem,
        RoundingError[] errors) : IParallelWork
        where TRows : IWeightRows, allows ref struct
    {
        private readonly TRows _source = source;
        private readonly ReadOnlySpan<float> _importance = importance;
        private readonly Span<byte> _target = target;

        public void Execute(int index, Scratch scratch)
        {
            int byteLength = (int)format.ByteLength(columns);
            Span<float> weights = scratch.Singles(columns);
            Span<float> stored = scratch.Singles(columns);
            int end = Math.Min(rows, (index + 1) * rowsPerItem);
            for (int row = index * rowsPerItem; row < end; row++)
            {
                Span<byte> blocks = _target.Slice(row * byteLength, byteLength);
                _source.Read(row, weights);
                format.Quantise(weights, _importance, blocks);
                format.Dequantise(blocks, stored);
                errors[index] += RoundingError.Of(weights, stored);
            }
        }
    }
}
