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
        ReadOnlySpan<TBlock> typed = MemoryMarshal.Cast<byte, TBlock>(blocks);
        if (blocks.Length % Unsafe.SizeOf<TBlock>() != 0 || typed.Length * TBlock.Length != weights.Length)
        {
            throw new ArgumentException(
                $"{Name}: {blocks.Length} bytes hold {typed.Length} blocks of {TBlock.Length} weights, " +
                $"not {weights.Length} weights");
        }

        TBlock.DequantiseMany(typed, weights);
    }
}
