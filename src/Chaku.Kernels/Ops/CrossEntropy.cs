using System.Runtime.Intrinsics;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>loss = log Σ eˡᵒᵍⁱᵗ − logit of the target, a row at a time; its backward is soft-max − one-hot.</summary>
internal static class CrossEntropy
{
    /// <summary>Losses of rows, in natural units; serving's log-likelihood is their negative.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="logits">[T, V], float32.</param>
    /// <param name="targets">[T], each in [0, V).</param>
    /// <param name="losses">[T].</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Forward(
        ComputePool pool, ReadOnlySpan<float> logits, ReadOnlySpan<int> targets, Span<float> losses)
    {
        Shape.RequireLength(losses.Length, targets.Length, nameof(losses));
        RequireRows(logits.Length, targets.Length);
        ForwardWork work = new(logits, targets, losses);
        pool.Run(targets.Length, ref work);
    }

    /// <summary>logits become their gradient: scale · (soft-max − one-hot).</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="logits">[T, V], overwritten.</param>
    /// <param name="targets">[T].</param>
    /// <param name="scale">The gradient of the whole loss by a row's: 1 / trained tokens.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void BackwardInPlace(ComputePool pool, Span<float> logits, ReadOnlySpan<int> targets, float scale)
    {
        RequireRows(logits.Length, targets.Length);
        BackwardWork work = new(logits, targets, scale);
        pool.Run(targets.Length, ref work);
    }

    /// <summary>log Σ eˡᵒᵍⁱᵗ of one row: the largest logit taken out, 8 chains of sums.</summary>
    public static float LogSumExp(ReadOnlySpan<float> logits)
    {
        float largest = Largest(logits);
        return float.IsNegativeInfinity(largest) ? largest : largest + LogSum(logits, largest);
    }

    private static float LogSum(ReadOnlySpan<float> logits, float largest)
    {
        Vector256<float> shift = Vector256.Create(largest);
        Vector256<float> sum = Vector256<float>.Zero;
        int i = 0;
        for (; i <= logits.Length - VectorMath.Width; i += VectorMath.Width)
        {
            sum += VectorMath.Exp(VectorMath.Load(logits, i) - shift);
        }

        if (i < logits.Length)
        {
            int count = logits.Length - i;
            sum += VectorMath.Exp(VectorMath.LoadTail(in logits[i], count, float.NegativeInfinity) - shift);
        }

        return (float)Math.Log(VectorMath.Sum(sum));
    }

    private static void RequireRows(int logitCount, int rowCount)
    {
        int width = rowCount == 0 ? 0 : logitCount / rowCount;
        Shape.RequireLength(logitCount, (long)width * rowCount, nameof(logitCount));
    }

    private static float Largest(ReadOnlySpan<float> logits)
    {
        float largest = float.NegativeInfinity;
        Vector256<float> lanes = Vector256.Create(largest);
        int i = 0;
        for (; i <= logits.Length - VectorMath.Width; i += VectorMath.Width)
        {
            lanes = Vector256.Max(lanes, VectorMath.Load(logits, i));
        }

        for (int lane = 0; lane < VectorMath.Width; lane++)
        {
            largest = MathF.Max(largest, lanes[lane]);
        }

        for (; i < logits.Length; i++)
        {
            largest = MathF.Max(largest, logits[i]);
        }

        return largest;
    }

    private readonly ref struct ForwardWork(ReadOnlySpan<float> logits, ReadOnlySpan<int> targets, Span<float> losses)
        : IParallelWork
    {
        private readonly ReadOnlySpan<float> _logits = logits;
        private readonly ReadOnlySpan<int> _targets = targets;
        private readonly Span<float> _losses = losses;

        public void Execute(int index, Scratch scratch)
        {
            int width = _logits.Length / _targets.Length;
            ReadOnlySpan<float> row = _logits.Slice(index * width, width);
            float largest = Largest(row);

            // Both terms are small where the target is likely: nothing cancels.
            _losses[index] = LogSum(row, largest) + (largest - row[_targets[index]]);
        }
    }

    private readonly ref struct BackwardWork(Span<float> logits, ReadOnlySpan<int> targets, float scale) : IParallelWork
    {
        private readonly Span<float> _logits = logits;
        private readonly ReadOnlySpan<int> _targets = targets;
        private readonly float _scale = scale;

        public void Execute(int index, Scratch scratch)
        {
            int width = _logits.Length / _targets.Length;
            Span<float> row = _logits.Slice(index * width, width);
            Vector256<float> shift = Vector256.Create(LogSumExp(row));
            Vector256<float> scale = Vector256.Create(_scale);
            int i = 0;
            for (; i <= width - VectorMath.Width; i += VectorMath.Width)
            {
                (VectorMath.Exp(VectorMath.Load(row, i) - shift) * scale).CopyTo(row[i..]);
            }

            if (i < width)
            {
                Vector256<float> tail = VectorMath.LoadTail(in row[i], width - i) - shift;
                VectorMath.StoreTail(VectorMath.Exp(tail) * scale, ref row[i], width - i);
            }

            row[_targets[index]] -= _scale;
        }
    }
}
