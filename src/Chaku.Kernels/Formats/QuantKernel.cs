using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Chaku.Kernels.Formats.Panels;

namespace Chaku.Kernels.Formats;

/// <summary>The multiplication of one format with 8-bit activations.</summary>
internal abstract class QuantKernel
{
    /// <summary>Activations in one block; the columns are a multiple of it.</summary>
    public abstract int ActivationLength { get; }

    /// <summary>Bytes that one row of activations takes.</summary>
    public abstract int ActivationByteLength(int columns);

    /// <summary>The multiplication by panels; null where the processor cannot.</summary>
    public abstract PanelKernel? Panels { get; }

    /// <summary>Bytes that some columns of one or eight tokens take in an activation tile.</summary>
    public abstract int TileByteLength(int columns, int tokenCount);

    /// <summary>Packs rounded rows for the panel kernels.</summary>
    /// <param name="rows">One row, or eight in turn.</param>
    /// <param name="tokenCount">1 or 8.</param>
    /// <param name="firstBlock">The first block that is packed, of each row.</param>
    /// <param name="blockCount">How many are.</param>
    /// <param name="tile">[<see cref="TileByteLength"/>] of whole rows.</param>
    public abstract void PackTile(
        ReadOnlySpan<byte> rows, int tokenCount, int firstBlock, int blockCount, Span<byte> tile);

    /// <summary>Rounds rows of activations.</summary>
    /// <param name="x">[columns], float32.</param>
    /// <param name="activations">[<see cref="ActivationByteLength"/>].</param>
    public abstract void Quantise(ReadOnlySpan<float> x, Span<byte> activations);

    /// <summary>
    /// One output: the row's float chain over ascending blocks, in scalar code that defines the bits.
    /// </summary>
    public abstract float DotReference(ReadOnlySpan<byte> row, ReadOnlySpan<byte> activations);
}

/// <summary>The multiplication of a block struct: scalar, and by panels where the processor can.</summary>
internal sealed class QuantKernel<TBlock, TActivation>(PanelKernel? panels) : QuantKernel
    where TBlock : unmanaged, IQuantBlock<TBlock, TActivation>
    where TActivation : unmanaged, IActivationBlock<TActivation>
{
    public override int ActivationLength => TActivation.Length;

    public override PanelKernel? Panels => panels;

    public override int ActivationByteLength(int columns) =>
        checked(columns / TActivation.Length * Unsafe.SizeOf<TActivation>());

    public override int TileByteLength(int columns, int tokenCount) =>
        checked(columns / TActivation.Length * (int)ActivationTile<TActivation>.BlockByteLength(tokenCount));

    public override void PackTile(
        ReadOnlySpan<byte> rows, int tokenCount, int firstBlock, int blockCount, Span<byte> tile)
    {
        ReadOnlySpan<TActivation> blocks = MemoryMarshal.Cast<byte, TActivation>(rows);
        if (tokenCount == PanelKernel.TileTokens)
        {
            ActivationTile<TActivation>.PackEight(blocks, firstBlock, blockCount, tile);
        }
        else
        {
            ActivationTile<TActivation>.PackOne(blocks, firstBlock, blockCount, tile);
        }
    }

    public override void Quantise(ReadOnlySpan<float> x, Span<byte> activations)
    {
        Span<TActivation> blocks = MemoryMarshal.Cast<byte, TActivation>(activations);
        for (int block = 0; block < blocks.Length; block++)
        {
            TActivation.Quantise(x.Slice(block * TActivation.Length, TActivation.Length), ref blocks[block]);
        }
    }

    public override float DotReference(ReadOnlySpan<byte> row, ReadOnlySpan<byte> activations)
    {
        ReadOnlySpan<TBlock> weights = MemoryMarshal.Cast<byte, TBlock>(row);
        ReadOnlySpan<TActivation> codes = MemoryMarshal.Cast<byte, TActivation>(activations);
        float sum = 0;
        for (int block = 0; block < weights.Length; block++)
        {
            sum = TBlock.AddDotReference(sum, in weights[block], in codes[block]);
        }

        return sum;
    }
}
