using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Chaku.Kernels.Formats;

/// <summary>How a tensor's weights are stored: an entry of <see cref="TensorFormats.All"/>.</summary>
internal abstract class TensorFormat
{
    /// <summary>The format's own spelling: <c>Q4_K</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The format's number in a GGUF file's tensor table.</summary>
    public abstract int GgmlType { get; }

    /// <summary>Weights in one block; 1 for the float formats.</summary>
    public abstract int BlockLength { get; }

    /// <summary>Bytes in one block.</summary>
    public abstract int BlockByteLength { get; }

    /// <summary>The multiplication with 8-bit activations; null where activations stay float32.</summary>
    public abstract QuantKernel? Kernel { get; }

    /// <summary>The multiplication of rows as they lie with one token; null where there is none.</summary>
    public abstract RowKernel? Rows { get; }

    /// <summary>Bytes that <paramref name="count"/> weights take.</summary>
    /// <exception cref="ArgumentException">
    /// <paramref name="count"/> is no multiple of <see cref="BlockLength"/>.
    /// </exception>
    public long ByteLength(long count)
    {
        if (count % BlockLength != 0)
        {
            throw new ArgumentException($"{Name} stores blocks of {BlockLength} weights; {count} is no multiple of it");
        }

        return count / BlockLength * BlockByteLength;
    }

    /// <summary>Weights as float32, exact to the bit.</summary>
    /// <param name="blocks">Whole blocks as they lie in the file.</param>
    /// <param name="weights">[blocks × <see cref="BlockLength"/>], float32.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public abstract void Dequantise(ReadOnlySpan<byte> blocks, Span<float> weights);

    /// <summary>Rounds weights to whole blocks; the same weights give the same bytes on every processor.</summary>
    /// <param name="weights">[blocks × <see cref="BlockLength"/>], float32, finite.</param>
    /// <param name="importance">
    /// As many: how much an error counts at each weight's column, above zero; empty where nothing is known. Formats
    /// whose codes need no search do not ask.
    /// </param>
    /// <param name="blocks">[blocks], overwritten.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public abstract void Quantise(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, Span<byte> blocks);

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>The entry of a block struct in the table.</summary>
/// <typeparam name="TBlock">The block's struct.</typeparam>
internal sealed class TensorFormat<TBlock>(QuantKernel? kernel, RowKernel? rows) : TensorFormat
    where TBlock : unmanaged, IBlock<TBlock>
{
    public override string Name => TBlock.Name;

    public override int GgmlType => TBlock.GgmlType;

    public override int BlockLength => TBlock.Length;

    public override int BlockByteLength => Unsafe.SizeOf<TBlock>();

    public override QuantKernel? Kernel => kernel;

    public override RowKernel? Rows => rows;

    public override void Dequantise(ReadOnlySpan<byte> blocks, Span<float> weights)
    {
        CheckLengths(blocks.Length, weights.Length);
        TBlock.DequantiseMany(MemoryMarshal.Cast<byte, TBlock>(blocks), weights);
    }

    public override void Quantise(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, Span<byte> blocks)
    {
        CheckLengths(blocks.Length, weights.Length);
        if (!importance.IsEmpty && importance.Length != weights.Length)
        {
            throw new ArgumentException($"{weights.Length} weights cannot count by {importance.Length} columns");
        }

        TBlock.QuantiseMany(weights, importance, MemoryMarshal.Cast<byte, TBlock>(blocks));
    }

    private void CheckLengths(int byteLength, int weightCount)
    {
        int blockCount = byteLength / BlockByteLength;
        if (byteLength % BlockByteLength != 0 || (long)blockCount * BlockLength != weightCount)
        {
            throw new ArgumentException(
                $"{Name}: {byteLength} bytes hold {blockCount} blocks of {BlockLength} weights, " +
                $"not {weightCount} weights");
        }
    }
}
