namespace Chaku.Kernels.Ops;

/// <summary>
/// The slope of each head's linear bias: attention scores fall by it with each position between query and key.
/// </summary>
/// <remarks>
/// With n the largest power of two that is no more than the heads: 2^(−b/n · (h + 1)) for the first n, and
/// 2^(−b/2n · (2(h − n) + 1)) for the rest, b being the largest bias. Source: arXiv:2108.12409.
/// </remarks>
internal static class AlibiSlopes
{
    /// <summary>The slopes of query heads.</summary>
    /// <param name="headCount">Query heads; at least 1.</param>
    /// <param name="maxBias">The largest bias' exponent: 8 in most models.</param>
    /// <returns>[heads].</returns>
    public static float[] For(int headCount, float maxBias)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(headCount, 1);
        int whole = 1 << int.Log2(headCount);
        float[] slopes = new float[headCount];
        for (int head = 0; head < headCount; head++)
        {
            double exponent = head < whole ? head + 1 : head - whole + 0.5;
            slopes[head] = (float)Math.Pow(2, -maxBias * exponent / whole);
        }

        return slopes;
    }
}
