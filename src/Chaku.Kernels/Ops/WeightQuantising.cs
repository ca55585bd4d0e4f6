using Chaku.Kernels.Formats;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>Rows of weights from one tensor format to another, and what that loses.</summary>
internal static class WeightQuantising
{
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
        long rows = source.Length / from.ByteLength(columns);
        Shape.RequireLength(source.Length, rows * from.ByteLength(columns), nameof(source));
        Shape.RequireLength(target.Length, rows * to.ByteLength(columns), nameof(target));
        return RowRounding.Run(pool, new StoredRows(source, from), columns, importance, to, target);
    }

    private readonly ref struct StoredRows(ReadOnlySpan<byte> source, TensorFormat format) : IWeightRows
    {
        private readonly ReadOnlySpan<byte> _source = source;

        public void Read(int row, Span<float> weights)
        {
            int byteLength = (int)format.ByteLength(weights.Length);
            format.Dequantise(_source.Slice(row * byteLength, byteLength), weights);
        }
    }
}
