using System.Runtime.Intrinsics;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>y = x · weight / √(mean(x²) + epsilon), over the last dimension.</summary>
/// <remarks>Sums in float32. Source: arXiv:1910.07467.</remarks>
internal static class RmsNorm
{
    /// <summary>y = x · weight / √(mean(x²) + epsilon).</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="x">[T, D], float32.</param>
    /// <param name="weight">[D].</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <param name="y">[T, D]. May be <paramref name="x"/> itself; may not overlap it otherwise.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Forward(
        ComputePool pool, ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon, Span<float> y)
    {
        int rowCount = x.Length / weight.Length;
        Shape.RequireLength(x.Length, (long)rowCount * weight.Length, nameof(x));
        Shape.RequireLength(y.Length, x.Length, nameof(y));
        ForwardWork work = new(x, weight, epsilon, y);
        pool.Run(RowWork.ItemCount(rowCount, weight.Length), ref work);
    }

    /// <summary>
    /// dx += r · (dy · weight) − x · r³ / D · Σ(dy · weight · x), with r = 1 / √(mean(x²) + epsilon) computed again.
    /// </summary>
    /// <param name="pool">Threads.</param>
    /// <param name="x">[T, D], the forward's input.</param>
    /// <param name="weight">[D].</param>
    /// <param name="epsilon">As in the forward.</param>
    /// <param name="dy">[T, D].</param>
    /// <param name="dx">[T, D], added to.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Backward(
        ComputePool pool,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> weight,
        float epsilon,
        ReadOnlySpan<float> dy,
        Span<float> dx)
    {
        int rowCount = x.Length / weight.Length;
        Shape.RequireLength(x.Length, (long)rowCount * weight.Length, nameof(x));
        Shape.RequireLength(dy.Length, x.Length, nameof(dy));
        Shape.RequireLength(dx.Length, x.Length, nameof(dx));
        BackwardWork work = new(x, weight, epsilon, dy, dx);
        pool.Run(RowWork.ItemCount(rowCount, weight.Length), ref work);
    }

    /// <summary>dWeight += Σ over tokens, ascending, of dy · x · r.</summary>
    /// <param name="x">[T, D], the forward's input.</param>
    /// <param name="epsilon">As in the forward.</param>
    /// <param name="dy">[T, D].</param>
    /// <param name="dWeight">[D], added to.</param>
    public static void BackwardWeight(ReadOnlySpan<float> x, float epsilon, ReadOnlySpan<float> dy, Span<float> dWeight)
    {
        Shape.RequireLength(dy.Length, x.Length, nameof(dy));
        int width = dWeight.Length;
        for (int start = 0; start < x.Length; start += width)
        {
            ReadOnlySpan<float> row = x.Slice(start, width);
            float inverseRms = InverseRms(row, epsilon);
            for (int i = 0; i < width; i++)
            {
                dWeight[i] = MathF.FusedMultiplyAdd(dy[start + i] * row[i], inverseRms, dWeight[i]);
            }
        }
    }

    private static float InverseRms(ReadOnlySpan<float> x, float epsilon) =>
        1f / MathF.Sqrt((VectorMath.Dot(x, x) / x.Length) + epsilon);

    private readonly ref struct ForwardWork(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon, Span<float> y) : IParallelWork
    {
        private readonly ReadOnlySpan<float> _x = x;
        private readonly ReadOnlySpan<float> _weight = weight;
        private readonly Span<float> _y = y;
        private readonly float _epsilon = epsilon;

        public void Execute(int index, Scratch scratch)
        {
            int width = _weight.Length;
            int start = index * RowWork.RowsPerItem(width) * width;
            int end = Math.Min(_x.Length, start + (RowWork.RowsPerItem(width) * width));
            for (; start < end; start += width)
            {
                Normalise(_x.Slice(start, width), _y.Slice(start, width));
            }
        }

        private void Normalise(ReadOnlySpan<float> x, Span<float> y)
        {
            float inverseRms = InverseRms(x, _epsilon);
            Vector256<float> factor = Vector256.Create(inverseRms);
            int i = 0;
            for (; i <= x.Length - VectorMath.Width; i += VectorMath.Width)
            {
                (VectorMath.Load(x, i) * factor * VectorMath.Load(_weight, i)).CopyTo(y[i..]);
            }

            for (; i < x.Length; i++)
            {
                y[i] = x[i] * inverseRms * _weight[i];
            }
        }
    }

    private readonly ref struct BackwardWork(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon, ReadOnlySpan<float> dy, Span<float> dx)
        : IParallelWork
    {
        private readonly ReadOnlySpan<float> _x = x;
        private readonly ReadOnlySpan<float> _weight = weight;
        private readonly ReadOnlySpan<float> _dy = dy;
        private readonly Span<float> _dx = dx;
        private readonly float _epsilon = epsilon;

        public void Execute(int index, Scratch scratch)
        {
            int width = _weight.Length;
            int start = index * RowWork.RowsPerItem(width) * width;
            int end = Math.Min(_x.Length, start + (RowWork.RowsPerItem(width) * width));
            Span<float> scaled = scratch.Singles(width);
            for (; start < end; start += width)
            {
                Differentiate(_x.Slice(start, width), _dy.Slice(start, width), scaled, _dx.Slice(start, width));
            }
        }

        private void Differentiate(
            ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> scaled, Span<float> dx)
        {
            float inverseRms = InverseRms(x, _epsilon);
            for (int i = 0; i < x.Length; i++)
            {
                scaled[i] = dy[i] * _weight[i];
            }

            float projection = VectorMath.Dot(scaled, x) * inverseRms * inverseRms * inverseRms / x.Length;
            VectorMath.AddScaled(inverseRms, scaled, dx);
            VectorMath.AddScaled(-projection, x, dx);
        }
    }
}
