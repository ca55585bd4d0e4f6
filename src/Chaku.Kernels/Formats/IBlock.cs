using System.Runtime.CompilerServices;

namespace Chaku.Kernels.Formats;

/// <summary>A block of weights as it lies in a file: a fixed number of weights in a fixed number of bytes.</summary>
/// <typeparam name="TSelf">The block's struct; its size is the block's byte length.</typeparam>
internal interface IBlock<TSelf>
    where TSelf : unmanaged, IBlock<TSelf>
{
    /// <summary>The format's own spelling, as in files and papers: <c>Q4_K</c>.</summary>
    static abstract string Name { get; }

    /// <summary>The format's number in a GGUF file's tensor table.</summary>
    static abstract int GgmlType { get; }

    /// <summary>Weights in one block.</summary>
    static abstract int Length { get; }

    /// <summary>Writes the block's weights, exact to the bit.</summary>
    /// <param name="block">One block.</param>
    /// <param name="weights">[<see cref="Length"/>], float32.</param>
    static abstract void Dequantise(ref readonly TSelf block, Span<float> weights);

    /// <summary>Rounds weights to a block: what <see cref="Dequantise"/> reads comes near them.</summary>
    /// <param name="weights">[<see cref="Length"/>], float32, finite.</param>
    /// <param name="importance">
    /// [<see cref="Length"/>]: how much an error counts at each column, above zero; empty where nothing is known.
    /// </param>
    /// <param name="block">Overwritten.</param>
    static abstract void Quantise(ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, ref TSelf block);

    /// <summary>Many blocks: the same bits as block by block, which is slow where a block is one weight.</summary>
    /// <param name="weights">[blocks × <see cref="Length"/>], float32, finite.</param>
    /// <param name="importance">As many as weights, or empty.</param>
    /// <param name="blocks">Overwritten.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual void QuantiseMany(
        ReadOnlySpan<float> weights, ReadOnlySpan<float> importance, Span<TSelf> blocks)
    {
        for (int block = 0; block < blocks.Length; block++)
        {
            Range columns = (block * TSelf.Length)..((block + 1) * TSelf.Length);
            TSelf.Quantise(weights[columns], importance.IsEmpty ? importance : importance[columns], ref blocks[block]);
        }
    }

    /// <summary>Many blocks: the same bits as block by block, which is slow where a block is one weight.</summary>
    /// <param name="blocks">Blocks in order.</param>
    /// <param name="weights">[blocks × <see cref="Length"/>], float32.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static virtual void DequantiseMany(ReadOnlySpan<TSelf> blocks, Span<float> weights)
    {
        for (int block = 0; block < blocks.Length; block++)
        {
            TSelf.Dequantise(in blocks[block], weights.Slice(block * TSelf.Length, TSelf.Length));
        }
    }
}

/// <summary>A quantised block that is multiplied with 8-bit activations.</summary>
/// <typeparam name="TSelf">The block's struct.</typeparam>
/// <typeparam name="TActivation">The activation block of the same length.</typeparam>
internal interface IQuantBlock<TSelf, TActivation> : IBlock<TSelf>
    where TSelf : unmanaged, IQuantBlock<TSelf, TActivation>
    where TActivation : unmanaged, IActivationBlock<TActivation>
{
    /// <summary>
    /// One step of a row's float chain: <c>fma(scale, Σ codes, sum)</c>, minima after it. The integer sum is exact, so
    /// this scalar code defines the bits of every other implementation.
    /// </summary>
    /// <param name="sum">The chain so far.</param>
    /// <param name="weights">One block of the row.</param>
    /// <param name="activations">The activations at the same columns.</param>
    static abstract float AddDotReference(float sum, ref readonly TSelf weights, ref readonly TActivation activations);
}
