namespace Chaku.Kernels.Ops;

/// <summary>
/// Zeroes a share of values and divides the others by what is left of it. Which ones is a function of (seed, step,
/// tensor, row, channel), never of the order in which they are asked for.
/// </summary>
/// <param name="rate">Share that becomes zero, in [0, 1).</param>
/// <param name="seed">The run's seed.</param>
/// <param name="step">The optimiser's step.</param>
/// <param name="rowOffset">Rows of the step before this batch: micro-batches draw different masks.</param>
internal sealed class Dropout(double rate, ulong seed, long step, long rowOffset)
{
    private readonly ulong _threshold = (ulong)(rate * 4294967296.0);
    private readonly float _keepScale = (float)(1 / (1 - rate));

    /// <summary>Drops values in place; the same call on gradients is the backward.</summary>
    /// <param name="x">[T, width].</param>
    /// <param name="width">Channels.</param>
    /// <param name="tensor">The number of the layer whose input it is.</param>
    /// <param name="firstRow">The first row's number in the batch.</param>
    public void Apply(Span<float> x, int width, int tensor, int firstRow)
    {
        ulong stream = CounterRandom.Mix(seed, (ulong)step, (ulong)tensor);
        for (int start = 0; start < x.Length; start += width)
        {
            ulong row = CounterRandom.Mix(stream, (ulong)(rowOffset + firstRow + (start / width)), 0);
            for (int channel = 0; channel < width; channel++)
            {
                ulong draw = CounterRandom.Mix(row, (ulong)channel, 0) >> 32;
                x[start + channel] = draw < _threshold ? 0 : x[start + channel] * _keepScale;
            }
        }
    }
}
