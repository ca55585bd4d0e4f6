using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>y = (x − mean) / √(variance + epsilon) · weight + bias, over the last dimension.</summary>
/// <remarks>
/// Sums in float32. Differences from a first mean are summed again, so that a row whose mean is large beside its
/// deviation loses nothing. Source: arXiv:1607.06450.
/// </remarks>
internal static class LayerNorm
{
    /// <summary>y = (x − mean) / √(variance + epsilon) · weight + bias.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="x">[T, D], float32.</param>
    /// <param name="weight">[D].</param>
    /// <param name="bias">[D], or empty: none.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="y">[T, D]. May be <paramref name="x"/> itself; may not overlap it otherwise.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Forward(
        ComputePool pool,
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> bias,
        float epsilon,
        Span<float> y)
    {
        int rowCount = x.Length / weight.Length;
        Shape.RequireLength(x.Length, (long)rowCount * weight.Length, nameof(x));
        Shape.RequireLength(y.Length, x.Length, nameof(y));
        Shape.RequireLength(bias.Length, bias.IsEmpty ? 0 : weight.Length, nameof(bias));
        ForwardWork work = new(x, weight, bias, epsilon, y);
        pool.Run(RowWork.ItemCount(rowCount, weight.Length), ref work);
    }

    /// <summary>
    /// dx += r · (g − mean(g) − n · mean(g · n)), with g = dy · weight, r = 1 / √(variance + epsilon) and
    /// n = (x − mean) · r computed again.
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

    /// <summary>dWeight += Σ over tokens, ascending, of dy · (x − mean) · r; dBias += Σ of dy.</summary>
    /// <param name="x">[T, D], the forward's input.</param>
    /// <param name="epsilon">As in the forward.</param>
    /// <param name="dy">[T, D].</param>
    /// <param name="dWeight">[D], added to.</param>
    /// <param name="dBias">[D], added to; empty where there is no bias.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void BackwardWeight(
        ReadOnlySpan<float> x, float epsilon, ReadOnlySpan<float> dy, Span<float> dWeight, Span<float> dBias)
    {
        int width = dWeight.Length;
        Shape.RequireLength(x.Length, (long)(x.Length / width) * width, nameof(x));
        Shape.RequireLength(dy.Length, x.Length, nameof(dy));
        Shape.RequireLength(dBias.Length, dBias.IsEmpty ? 0 : width, nameof(dBias));
        for (int start = 0; start < x.Length; start += width)
        {
            ReadOnlySpan<float> row = x.Slice(start, width);
            ReadOnlySpan<float> dRow = dy.Slice(start, width);
            Moments moments = Moments.Of(row, epsilon);
            for (int i = 0; i < width; i++)
            {
                dWeight[i] = MathF.FusedMultiplyAdd(dRow[i], moments.Normalise(row[i]), dWeight[i]);
            }

            if (!dBias.IsEmpty)
            {
                VectorMath.Add(dRow, dBias);
            }
        }
    }

    /// <summary>A row's mean, in two parts, and 1 / √(variance + epsilon).</summary>
    private readonly struct Moments(float mean, float rest, float inverseDeviation)
    {
        public float InverseDeviation => inverseDeviation;

        public static Moments Of(ReadOnlySpan<float> x, float epsilon)
        {
            float mean = VectorMath.Total(x) / x.Length;
            Vector256<float> shift = Vector256.Create(mean);
            Vector256<float> sum = Vector256<float>.Zero;
            Vector256<float> squares = Vector256<float>.Zero;
            int i = 0;
            for (; i <= x.Length - VectorMath.Width; i += VectorMath.Width)
            {
                Vector256<float> difference = VectorMath.Load(x, i) - shift;
                sum += difference;
                squares = Vector256.FusedMultiplyAdd(difference, difference, squares);
            }

            if (i < x.Length)
            {
                Vector256<float> difference = VectorMath.LoadTail(in x[i], x.Length - i, fill: mean) - shift;
                sum += difference;
                squares = Vector256.FusedMultiplyAdd(difference, difference, squares);
            }

            float rest = VectorMath.Sum(sum) / x.Length;
            float variance = MathF.Max(0, (VectorMath.Sum(squares) / x.Length) - (rest * rest));
            return new Moments(mean, rest, 1f / MathF.Sqrt(variance + epsilon));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<float> Normalise(Vector256<float> x) =>
            (x - Vector256.Create(mean) - Vector256.Create(rest)) * Vector256.Create(inverseDeviation);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Normalise(float x) => (x - mean - rest) * inverseDeviation;
    }

    private readonly ref struct ForwardWork(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, float epsilon, Span<float> y)
        : IParallelWork
    {
        private readonly ReadOnlySpan<float> _x = x;
        private readonly ReadOnlySpan<float> _weight = weight;
        private readonly ReadOnlySpan<float> _bias = bias;
        private readonly Span<float> _y = y;
        private readonly float _epsilon = epsilon;

        public void Execute(int index, Scratch scratch)
        {
            int width = _weight.Length;
            int start = index * RowWork.RowsPerItem(width) * width;
            int end = Math.Min(_x.Length, start + (RowWork.RowsPerItem(width) * width));
            for (; start < end; start += width)
            {
                Span<float> row = _y.Slice(start, width);
                Normalise(_x.Slice(start, width), row);
                if (!_bias.IsEmpty)
                {
                    VectorMath.Add(_bias, row);
                }
            }
        }

        private void Normalise(ReadOnlySpan<float> x, Span<float> y)
        {
            Moments moments = Moments.Of(x, _epsilon);
            int i = 0;
            for (; i <= x.Length - VectorMath.Width; i += VectorMath.Width)
            {
                (moments.Normalise(VectorMath.Load(x, i)) * VectorMath.Load(_weight, i)).CopyTo(y[i..]);
            }

            for (; i < x.Length; i++)
            {
                y[i] = moments.Normalise(x[i]) * _weight[i];
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
            Span<float> normalised = scratch.Singles(width);
            for (; start < end; start += width)
            {
                Moments moments = Moments.Of(_x.Slice(start, width), _epsilon);
                for (int i = 0; i < width; i++)
                {
                    scaled[i] = _dy[start + i] * _weight[i];
                    normalised[i] = moments.Normalise(_x[start + i]);
                }

                Differentiate(scaled, normalised, moments.InverseDeviation, _dx.Slice(start, width));
            }
        }

        private static void Differentiate(
            ReadOnlySpan<float> scaled, ReadOnlySpan<float> normalised, float inverseDeviation, Span<float> dx)
        {
            float mean = VectorMath.Total(scaled) / dx.Length;
            float projection = VectorMath.Dot(scaled, normalised) / dx.Length;
            for (int i = 0; i < dx.Length; i++)
            {
                float difference = MathF.FusedMultiplyAdd(-projection, normalised[i], scaled[i] - mean);
                dx[i] = MathF.FusedMultiplyAdd(inverseDeviation, difference, dx[i]);
            }
        }
    }
}
