using Chaku.Kernels.Formats;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>Rows of weights from one tensor format to another, and what that loses.</summary>
/// <remarks>A row is rounded by one thread: neither bytes nor errors depend on how many there are.</remarks>
internal static class WeightQuantising
{
    private const int LeastWeightsPerItem = 1 << 14;

    /// <summary>Rounds rows.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="source">Rows as they lie in a file.</param>
    /// <param name="from">Their format.</param>
    /// <param name="columns">Weights in a row; a multiple of both formats' blocks.</param>
    /// <param name="importance">[columns]: how much an error counts; empty where nothing is known.</param>
    /// <param name="to">The format that is wanted.</param>
    /// <param name="target">The same rows in it, overwritten.</param>
    /// <returns>The squares of the errors and of the weights, added up; not finite where a weight is not.</returns>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static RoundingError Run(
        ComputePool pool,
        ReadOnlySpan<byte> source,
        TensorFormat from,
        int columns,
        ReadOnlySpan<float> importance,
        TensorFormat to,
        Span<byte> target)
    {
        long rowBytes = from.ByteLength(columns);
        int rows = (int)(source.Length / rowBytes);
        Shape.RequireLength(source.Length, (int)(rows * rowBytes), nameof(source));
        Shape.RequireLength(target.Length, (int)(rows * to.ByteLength(columns)), nameof(target));
        int rowsPerItem = Math.Max(1, LeastWeightsPerItem / columns);
        RoundingError[] errors = new RoundingError[(rows + rowsPerItem - 1) / rowsPerItem];
        Work work = new(source, from, columns, importance, to, target, rows, rowsPerItem, errors);
        pool.Run(errors.Length, ref work);
        return errors.Aggregate(default(RoundingError), (sum, item) => sum + item);
    }

    private readonly ref struct Work(
        ReadOnlySpan<byte> source,
        TensorFormat from,
        int columns,
        ReadOnlySpan<float> importance,
        TensorFormat to,
        Span<byte> target,
        int rows,
        int rowsPerItem,
        RoundingError[] errors) : IParallelWork
    {
        private readonly ReadOnlySpan<byte> _source = source;
        private readonly ReadOnlySpan<float> _importance = importance;
        private readonly Span<byte> _target = target;

        public void Execute(int index, Scratch scratch)
        {
            int sourceBytes = (int)from.ByteLength(columns), targetBytes = (int)to.ByteLength(columns);
            Span<float> weights = scratch.Singles(columns);
            Span<float> rounded = scratch.Singles(columns);
            int end = Math.Min(rows, (index + 1) * rowsPerItem);
            for (int row = index * rowsPerItem; row < end; row++)
            {
                Span<byte> blocks = _target.Slice(row * targetBytes, targetBytes);
                from.Dequantise(_source.Slice(row * sourceBytes, sourceBytes), weights);
                to.Quantise(weights, _importance, blocks);
                to.Dequantise(blocks, rounded);
                errors[index] += RoundingError.Of(weights, rounded);
            }
        }
    }
}

/// <summary>What rounding weights lost.</summary>
/// <param name="ErrorSquares">Σ (rounded − w)².</param>
/// <param name="WeightSquares">Σ w².</param>
/// <param name="Count">Weights.</param>
internal readonly record struct RoundingError(double ErrorSquares, double WeightSquares, long Count)
{
    /// <summary>The root of the errors' mean square, beside that of the weights; 0 where all weights are 0.</summary>
    public double Relative => WeightSquares == 0 ? 0 : Math.Sqrt(ErrorSquares / WeightSquares);

    /// <summary>Whether every weight, as it was and as it is stored, is a number.</summary>
    public bool IsFinite => double.IsFinite(ErrorSquares) && double.IsFinite(WeightSquares);

    /// <summary>Both together.</summary>
    public static RoundingError operator +(RoundingError a, RoundingError b) =>
        new(a.ErrorSquares + b.ErrorSquares, a.WeightSquares + b.WeightSquares, a.Count + b.Count);

    /// <summary>The error of some weights.</summary>
    public static RoundingError Of(ReadOnlySpan<float> weights, ReadOnlySpan<float> rounded)
    {
        double errors = 0;
        double squares = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            double error = (double)rounded[i] - weights[i];
            errors += error * error;
            squares += (double)weights[i] * weights[i];
        }

        return new(errors, squares, weights.Length);
    }
}
