using System.Runtime.Intrinsics;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>
/// Rotates pairs of a head's dimensions by the position's angles: (a, b) → (a·cos − b·sin, b·cos + a·sin). The layout
/// says which two dimensions are a pair.
/// </summary>
/// <remarks>Source: arXiv:2104.09864; the factor: arXiv:2309.00071, section 3.4.</remarks>
internal static class RotaryEmbedding
{
    /// <summary>
    /// Angles of one position, as the rotation reads them: at the places of a pair twice its cos, and −sin and sin.
    /// </summary>
    /// <param name="layout">Which two dimensions are a pair.</param>
    /// <param name="position">Absolute position.</param>
    /// <param name="frequencies">[rotated / 2], radians a position.</param>
    /// <param name="factor">Multiplied into cos and sin: the rotation scales too. 1 in most models.</param>
    /// <param name="cosines">[rotated].</param>
    /// <param name="sines">[rotated].</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Angles(
        RotaryLayout layout,
        int position,
        ReadOnlySpan<double> frequencies,
        float factor,
        Span<float> cosines,
        Span<float> sines)
    {
        Shape.RequireLength(cosines.Length, 2L * frequencies.Length, nameof(cosines));
        Shape.RequireLength(sines.Length, 2L * frequencies.Length, nameof(sines));
        bool isPairs = layout == RotaryLayout.Pairs;
        int stride = isPairs ? 2 : 1;
        int partner = isPairs ? 1 : frequencies.Length;
        for (int pair = 0; pair < frequencies.Length; pair++)
        {
            (double sine, double cosine) = Math.SinCos(position * frequencies[pair]);
            int at = pair * stride;
            cosines[at] = cosines[at + partner] = (float)(cosine * factor);
            sines[at] = -(float)(sine * factor);
            sines[at + partner] = (float)(sine * factor);
        }
    }

    /// <summary>Rotates every head of every token in place.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="layout">As in <see cref="Angles"/>.</param>
    /// <param name="x">[T, heads, headSize], float32.</param>
    /// <param name="headSize">Floats in a head; those behind the rotated ones stay.</param>
    /// <param name="tokenCount">T.</param>
    /// <param name="cosines">[T, rotated].</param>
    /// <param name="sines">[T, rotated].</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Forward(
        ComputePool pool,
        RotaryLayout layout,
        Span<float> x,
        int headSize,
        int tokenCount,
        ReadOnlySpan<float> cosines,
        ReadOnlySpan<float> sines) =>
        Rotate(pool, layout, x, headSize, tokenCount, cosines, sines, direction: 1);

    /// <summary>Rotates gradients back: the transposed rotation, in place.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="layout">As in the forward.</param>
    /// <param name="dx">[T, heads, headSize].</param>
    /// <param name="headSize">As in the forward.</param>
    /// <param name="tokenCount">T.</param>
    /// <param name="cosines">[T, rotated].</param>
    /// <param name="sines">[T, rotated].</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Backward(
        ComputePool pool,
        RotaryLayout layout,
        Span<float> dx,
        int headSize,
        int tokenCount,
        ReadOnlySpan<float> cosines,
        ReadOnlySpan<float> sines) =>
        Rotate(pool, layout, dx, headSize, tokenCount, cosines, sines, direction: -1);

    private static void Rotate(
        ComputePool pool,
        RotaryLayout layout,
        Span<float> x,
        int headSize,
        int tokenCount,
        ReadOnlySpan<float> cosines,
        ReadOnlySpan<float> sines,
        float direction)
    {
        if (tokenCount == 0)
        {
            return;
        }

        int width = x.Length / tokenCount;
        int rotated = cosines.Length / tokenCount;
        Shape.RequireLength(x.Length, (long)width * tokenCount, nameof(x));
        Shape.RequireLength(width, (long)(width / headSize) * headSize, nameof(x));
        Shape.RequireLength(cosines.Length, (Math.Min(rotated, headSize) & ~1L) * tokenCount, nameof(cosines));
        Shape.RequireLength(sines.Length, cosines.Length, nameof(sines));
        Work work = new(layout, x, headSize, width, rotated, cosines, sines, direction);
        pool.Run(RowWork.ItemCount(tokenCount, width), ref work);
    }

    private static void RotatePairs(
        Span<float> x, ReadOnlySpan<float> cosine, ReadOnlySpan<float> sine, float direction)
    {
        Vector256<float> directions = Vector256.Create(direction);
        int i = 0;
        for (; i <= x.Length - VectorMath.Width; i += VectorMath.Width)
        {
            Vector256<float> pairs = VectorMath.Load(x, i);
            Vector256<float> swapped = Vector256.Shuffle(pairs, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6));
            Vector256<float> turned = swapped * (VectorMath.Load(sine, i) * directions);
            Vector256.FusedMultiplyAdd(pairs, VectorMath.Load(cosine, i), turned).CopyTo(x[i..]);
        }

        for (; i < x.Length; i += 2)
        {
            RotateOne(ref x[i], ref x[i + 1], cosine[i], sine[i + 1] * direction);
        }
    }

    private static void RotateHalves(
        Span<float> x, ReadOnlySpan<float> cosine, ReadOnlySpan<float> sine, float direction)
    {
        int half = x.Length / 2;
        Span<float> second = x[half..];
        ReadOnlySpan<float> turn = sine[half..];
        Vector256<float> directions = Vector256.Create(direction);
        int i = 0;
        for (; i <= half - VectorMath.Width; i += VectorMath.Width)
        {
            Vector256<float> a = VectorMath.Load(x, i);
            Vector256<float> b = VectorMath.Load(second, i);
            Vector256<float> c = VectorMath.Load(cosine, i);
            Vector256<float> s = VectorMath.Load(turn, i) * directions;
            Vector256.FusedMultiplyAdd(a, c, -(b * s)).CopyTo(x[i..]);
            Vector256.FusedMultiplyAdd(b, c, a * s).CopyTo(second[i..]);
        }

        for (; i < half; i++)
        {
            RotateOne(ref x[i], ref second[i], cosine[i], turn[i] * direction);
        }
    }

    private static void RotateOne(ref float a, ref float b, float cosine, float sine)
    {
        (float before, float other) = (a, b);
        a = MathF.FusedMultiplyAdd(before, cosine, -(other * sine));
        b = MathF.FusedMultiplyAdd(other, cosine, before * sine);
    }

    private readonly ref struct Work(
        RotaryLayout layout,
        Span<float> x,
        int headSize,
        int width,
        int rotated,
        ReadOnlySpan<float> cosines,
        ReadOnlySpan<float> sines,
        float direction) : IParallelWork
    {
        private readonly Span<float> _x = x;
        private readonly ReadOnlySpan<float> _cosines = cosines;
        private readonly ReadOnlySpan<float> _sines = sines;

        public void Execute(int index, Scratch scratch)
        {
            int tokens = RowWork.RowsPerItem(width);
            int end = Math.Min((index + 1) * tokens, _x.Length / width);
            for (int token = index * tokens; token < end; token++)
            {
                ReadOnlySpan<float> cosine = _cosines.Slice(token * rotated, rotated);
                ReadOnlySpan<float> sine = _sines.Slice(token * rotated, rotated);
                for (int head = 0; head < width; head += headSize)
                {
                    Span<float> values = _x.Slice((token * width) + head, rotated);
                    if (layout == RotaryLayout.Pairs)
                    {
                        RotatePairs(values, cosine, sine, direction);
                    }
                    else
                    {
                        RotateHalves(values, cosine, sine, direction);
                    }
                }
            }
        }
    }
}
