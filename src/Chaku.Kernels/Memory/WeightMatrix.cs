using System.Runtime.InteropServices;
using Chaku.Kernels.Formats;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Memory;

/// <summary>
/// Copies bytes of a matrix, without the memory that they are seen in becoming resident.
/// </summary>
/// <param name="start">Bytes from the matrix's first.</param>
/// <param name="bytes">Receives the bytes; they do not leave the matrix.</param>
internal delegate void WeightReader(long start, Span<byte> bytes);

/// <summary>A matrix of weights [rows, columns] read where it lies, usually in a memory-mapped file.</summary>
internal sealed unsafe class WeightMatrix
{
    private readonly byte* _data;
    private readonly object _owner;
    private readonly WeightReader? _read;

    /// <summary>A view of <paramref name="rows"/> × <paramref name="columns"/> weights.</summary>
    /// <param name="format">How they are stored.</param>
    /// <param name="rows">Outputs.</param>
    /// <param name="columns">Inputs; a multiple of the format's block length.</param>
    /// <param name="data">The first byte; readable for rows × row bytes while <paramref name="owner"/> lives.</param>
    /// <param name="owner">Kept alive as long as the view.</param>
    /// <param name="read">Copies the same bytes from the file that is mapped; null where they lie in memory.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no rows, or no columns.</exception>
    public WeightMatrix(
        TensorFormat format, int rows, int columns, byte* data, object owner, WeightReader? read = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        Format = format;
        Rows = rows;
        Columns = columns;
        RowByteLength = checked((int)format.ByteLength(columns));
        _data = data;
        _owner = owner;
        _read = read;
    }

    /// <summary>How the weights are stored.</summary>
    public TensorFormat Format { get; }

    /// <summary>Outputs.</summary>
    public int Rows { get; }

    /// <summary>Inputs.</summary>
    public int Columns { get; }

    /// <summary>Bytes in a row.</summary>
    public int RowByteLength { get; }

    /// <summary>Bytes in all.</summary>
    public long ByteLength => (long)Rows * RowByteLength;

    /// <summary>[rows, columns] to write to: only a float32 matrix of its own, never one in a file.</summary>
    /// <exception cref="InvalidOperationException">The weights lie in a file, or are not float32.</exception>
    public Span<float> WritableSingles => _owner is NativeBuffer buffer && Format == TensorFormats.F32
        ? buffer.Span<float>(0, checked(Rows * Columns))
        : throw new InvalidOperationException($"a matrix in {Format} that lies in a file is never written to");

    /// <summary>The repacked copy; null without.</summary>
    public WeightPanels? Panels { get; private set; }

    /// <summary>A matrix of its own, float32, copied from <paramref name="values"/> [rows, columns].</summary>
    public static WeightMatrix FromSingles(ReadOnlySpan<float> values, int rows, int columns) =>
        FromBytes(TensorFormats.F32, MemoryMarshal.AsBytes(values), rows, columns);

    /// <summary>A matrix of its own, copied from blocks as they lie in a file.</summary>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static WeightMatrix FromBytes(TensorFormat format, ReadOnlySpan<byte> blocks, int rows, int columns)
    {
        long expected = rows * format.ByteLength(columns);
        if (blocks.Length != expected)
        {
            throw new ArgumentException($"[{rows}, {columns}] in {format} takes {expected} bytes, got {blocks.Length}");
        }

        NativeBuffer buffer = new(blocks.Length);
        blocks.CopyTo(buffer.Span<byte>(0, blocks.Length));
        return new WeightMatrix(format, rows, columns, buffer.Pointer, buffer);
    }

    /// <summary>The same weights as float32, in a matrix of its own.</summary>
    public WeightMatrix ToSingles()
    {
        NativeBuffer buffer = new((long)Rows * Columns * sizeof(float));
        for (int row = 0; row < Rows; row++)
        {
            Dequantise(row, 0, buffer.Span<float>((long)row * Columns, Columns));
        }

        return new WeightMatrix(TensorFormats.F32, Rows, Columns, buffer.Pointer, buffer);
    }

    /// <summary>
    /// Makes a copy in the layout that the AVX2 kernels read, for as long as the matrix lives. Multiplications have the
    /// same bits without it, and interleave rows on the way each time. A mapped file's pages are not touched.
    /// </summary>
    /// <param name="pool">Threads; no multiplication may go on meanwhile.</param>
    /// <returns>Bytes of the copy; 0 where the format or the processor has no such kernels.</returns>
    public long Repack(ComputePool pool)
    {
        if (Panels is null && Format.Kernel?.Panels is { } kernel)
        {
            Panels = new WeightPanels(pool, this, kernel);
        }

        return Panels?.ByteLength ?? 0;
    }

    /// <summary>The bytes of one row.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public ReadOnlySpan<byte> Row(int row) => RowRange(row, 1);

    /// <summary>The bytes of <paramref name="count"/> rows in turn.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are no such rows.</exception>
    public ReadOnlySpan<byte> RowRange(int row, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)(uint)row + (uint)count, (ulong)Rows, nameof(row));
        return new ReadOnlySpan<byte>(_data + ((long)row * RowByteLength), checked(count * RowByteLength));
    }

    /// <summary>
    /// Copies rows that are read this once: where they lie in a file, the map's pages stay out of memory.
    /// </summary>
    /// <param name="row">The first row.</param>
    /// <param name="rows">Receives whole rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no such rows.</exception>
    public void CopyRows(int row, Span<byte> rows)
    {
        int count = rows.Length / RowByteLength;
        ArgumentOutOfRangeException.ThrowIfNotEqual(count * RowByteLength, rows.Length, nameof(rows));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)(uint)row + (uint)count, (ulong)Rows, nameof(row));
        if (_read is { } read)
        {
            read((long)row * RowByteLength, rows);
        }
        else
        {
            RowRange(row, count).CopyTo(rows);
        }
    }

    /// <summary>Some of one row's weights as float32.</summary>
    /// <param name="row">The row.</param>
    /// <param name="column">First column; a multiple of the block length.</param>
    /// <param name="weights">Receives the weights; its length is a multiple of the block length.</param>
    public void Dequantise(int row, int column, Span<float> weights)
    {
        int start = checked((int)Format.ByteLength(column));
        int length = checked((int)Format.ByteLength(weights.Length));
        Format.Dequantise(Row(row).Slice(start, length), weights);
        GC.KeepAlive(_owner);
    }

    /// <summary>Has some of one row's weights brought into the second cache.</summary>
    /// <param name="row">The row.</param>
    /// <param name="column">First column; a multiple of the block length.</param>
    /// <param name="count">Columns; a multiple of the block length.</param>
    public void Fetch(int row, int column, int count)
    {
        nuint start = (nuint)Format.ByteLength(column);
        CacheLines.Fetch(ref MemoryMarshal.GetReference(Row(row)), start, checked((int)Format.ByteLength(count)));
    }
}
