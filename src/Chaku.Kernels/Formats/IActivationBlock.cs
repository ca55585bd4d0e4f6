namespace Chaku.Kernels.Formats;

/// <summary>
/// A block of activations rounded to 8 bits: codes in [−127, 127], one float32 scale, and sums of codes.
/// </summary>
internal interface IActivationBlock<TSelf>
    where TSelf : unmanaged, IActivationBlock<TSelf>
{
    /// <summary>Activations in one block.</summary>
    static abstract int Length { get; }

    /// <summary>
    /// scale = max|x| / 127, code = round-to-even(x · (127 / max|x|)). A block with a value that is not finite gets the
    /// scale NaN, so that nothing computed from it looks valid.
    /// </summary>
    /// <param name="x">[<see cref="Length"/>], float32.</param>
    /// <param name="block">Receives codes, scale and sums.</param>
    static abstract void Quantise(ReadOnlySpan<float> x, ref TSelf block);

    /// <summary>Words of sums that a block has in an activation tile: int32, or a pair of int16.</summary>
    static abstract int TileSumCount { get; }

    /// <summary>The scale.</summary>
    static abstract float GetScale(ref readonly TSelf block);

    /// <summary>The codes.</summary>
    static abstract ReadOnlySpan<sbyte> GetCodes(ref readonly TSelf block);

    /// <summary>Writes the block's sums as an activation tile has them.</summary>
    /// <param name="block">One block.</param>
    /// <param name="sums">[<see cref="TileSumCount"/>].</param>
    static abstract void WriteTileSums(ref readonly TSelf block, Span<int> sums);
}
