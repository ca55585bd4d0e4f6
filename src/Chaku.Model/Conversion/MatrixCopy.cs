using Chaku.Kernels.Formats;
using Chaku.Kernels.Memory;
using Chaku.Kernels.Threading;

namespace Chaku.Model.Conversion;

/// <summary>
/// Writes a matrix in another order of rows, turned over, or in another float format, a few rows at a time.
/// </summary>
/// <param name="source">The matrix, read where it lies.</param>
/// <param name="target">The format that is written.</param>
/// <param name="order">The source's row that each written row is; null where they are the same.</param>
/// <param name="isTransposed">Whether the source's columns are the written rows.</param>
/// <exception cref="ArgumentException">It is to be both reordered and turned over.</exception>
internal sealed class MatrixCopy(WeightMatrix source, TensorFormat target, int[]? order, bool isTransposed)
{
    // What is held in memory at a time, about.
    private const int ChunkByteLength = 4 << 20;

    private readonly int[]? _order = order is null || !isTransposed
        ? order
        : throw new ArgumentException("a matrix that is turned over keeps the order of its rows", nameof(order));

    /// <summary>Writes all rows.</summary>
    /// <param name="stream">Gets them.</param>
    /// <param name="pool">Threads for another format.</param>
    /// <param name="written">Told how many bytes were written, after each chunk.</param>
    /// <exception cref="OverflowException">A weight is beyond what the format can hold.</exception>
    public void WriteTo(Stream stream, ComputePool pool, Action<int> written)
    {
        if (isTransposed)
        {
            WriteTurned(stream, written);
        }
        else
        {
            WriteRows(stream, pool, written);
        }
    }

    private void WriteRows(Stream stream, ComputePool pool, Action<int> written)
    {
        int targetRowLength = checked((int)target.ByteLength(source.Columns));
        int most = Math.Clamp(ChunkByteLength / Math.Max(targetRowLength, source.RowByteLength), 1, source.Rows);
        byte[] rows = new byte[most * source.RowByteLength];
        byte[] output = target == source.Format ? rows : new byte[most * targetRowLength];
        for (int start = 0; start < source.Rows; start += most)
        {
            int count = Math.Min(most, source.Rows - start);
            Span<byte> blocks = rows.AsSpan(0, count * source.RowByteLength);
            Span<byte> converted = output.AsSpan(0, count * targetRowLength);
            Gather(start, blocks);
            if (target != source.Format)
            {
                FloatConversion.Convert(pool, source.Format, blocks, target, converted, count);
            }

            stream.Write(converted);
            written(converted.Length);
        }
    }

    private void Gather(int start, Span<byte> blocks)
    {
        if (_order is null)
        {
            source.CopyRows(start, blocks);
            return;
        }

        for (int row = start; !blocks.IsEmpty; row++)
        {
            source.Row(_order[row]).CopyTo(blocks);
            blocks = blocks[source.RowByteLength..];
        }
    }

    private void WriteTurned(Stream stream, Action<int> written)
    {
        int length = source.Rows;
        int block = source.Format.BlockLength;
        int most = Math.Max(block, ChunkByteLength / sizeof(float) / length / block * block);
        float[] stretch = new float[most];
        float[] weights = new float[Math.Min(most, source.Columns) * length];
        byte[] output = new byte[target.ByteLength(weights.Length)];
        for (int start = 0; start < source.Columns; start += most)
        {
            int count = Math.Min(most, source.Columns - start);
            for (int row = 0; row < length; row++)
            {
                source.Dequantise(row, start, stretch.AsSpan(0, count));
                for (int column = 0; column < count; column++)
                {
                    weights[(column * length) + row] = stretch[column];
                }
            }

            Span<byte> converted = output.AsSpan(0, (int)target.ByteLength(count * length));
            FloatConversion.Round(weights.AsSpan(0, count * length), target, converted);
            stream.Write(converted);
            written(converted.Length);
        }
    }
}
