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
}
