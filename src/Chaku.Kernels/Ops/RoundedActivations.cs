using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>Rows of activations rounded to 8 bits once, for all the weights that they are multiplied with.</summary>
internal sealed class RoundedActivations : IDisposable
{
    private NativeBuffer _buffer = new(0);
    /// <summary>Rows.</summary>
    public int RowCount { get; private set; }

    /// <summary>Bytes in a row.</summary>
    public int RowByteLength { get; private set; }

    /// <summary>Rounds rows; what was held before is overwritten.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="kernel">Says how: blocks of 32 or of 256.</param>
    /// <param name="x">[T, K], float32.</param>
    /// <param name="columns">K; a multiple of the kernel's block.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public void Round(ComputePool pool, QuantKernel kernel, ReadOnlySpan<float> x, int columns)
    {
        Shape.RequireLength(columns % kernel.ActivationLength, 0, nameof(columns));
        RowCount = x.Length / columns;
        Shape.RequireLength(x.Length, (long)RowCount * columns, nameof(x));
        RowByteLength = kernel.ActivationByteLength(columns);
        long needed = (long)RowCount * RowByteLength;
        if (needed > _buffer.ByteLength)
        {
            _buffer.Dispose();
            _buffer = new NativeBuffer(needed);
        }

        Work work = new(this, kernel, x, columns);
        pool.Run(RowWork.ItemCount(RowCount, columns), ref work);
    }

    /// <summary>The codes, scales and sums of one row.</summary>
    public ReadOnlySpan<byte> Row(int row) => _buffer.Span<byte>((long)row * RowByteLength, RowByteLength);

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private readonly ref struct Work(RoundedActivations target, QuantKernel kernel, ReadOnlySpan<float> x, int columns)
        : IParallelWork
    {
        private readonly RoundedActivations _target = target;
        private readonly QuantKernel _kernel = kernel;
        private readonly ReadOnlySpan<float> _x = x;
        private readonly int _columns = columns;

        public void Execute(int index, Scratch scratch)
        {
            int rowsPerItem = RowWork.RowsPerItem(_columns);
            int end = Math.Min(_target.RowCount, (index + 1) * rowsPerItem);
            for (int row = index * rowsPerItem; row < end; row++)
            {
                int byteLength = _target.RowByteLength;
                Span<byte> codes = _target._buffer.Span<byte>((long)row * byteLength, byteLength);
                _kernel.Quantise(_x.Slice(row * _columns, _columns), codes);
            }
        }
    }
}
