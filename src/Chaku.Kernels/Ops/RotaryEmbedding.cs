using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Ops;

/// <summary>
/// Rotates pairs of a head's dimensions by the position's angles: (a, b) → (a·cos − b·sin, b·cos + a·sin). The pairs
/// are neighbours (2i, 2i + 1).
/// </summary>
/// <remarks>Source: arXiv:2104.09864.</remarks>
internal static class RotaryEmbedding
{
    /// <summary>Angles of one position, as the rotation reads them: cos twice a pair, −sin and sin in turn.</summary>
    /// <param name="position">Absolute position.</param>
    /// <param name="frequencies">[rotated / 2], radians a position.</param>
    /// <param name="cosines">[rotated].</param>
    /// <param name="sines">[rotated].</param>
    public static void Angles(int position, ReadOnlySpan<double> frequencies, Span<float> cosines, Span<float> sines)
    {
        Shape.RequireLength(cosines.Length, 2L * frequencies.Length, nameof(cosines));
        Shape.RequireLength(sines.Length, 2L * frequencies.Length, nameof(sines));
        for (int pair = 0; pair < frequencies.Length; pair++)
        {
            (double sine, double cosine) = Math.SinCos(position * frequencies[pair]);
            cosines[2 * pair] = cosines[(2 * pair) + 1] = (float)cosine;
            sines[2 * pair] = -(float)sine;
            sines[(2 * pair) + 1] = (float)sine;
        }
    }

    /// <summary>Rotates every head of every token in place.</summary>
    /// <param name="x">[T, heads, headSize], float32.</param>
    /// <param name="headSize">Floats in a head; those behind the rotated ones stay.</param>
    /// <param name="tokenCount">T.</param>
    /// <param name="cosines">[T, rotated].</param>
    /// <param name="sines">[T, rotated].</param>
    public static void Forward(
        Span<float> x, int headSize, int tokenCount, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines) =>
        Rotate(x, headSize, tokenCount, cosines, sines, isBackward: false);

    /// <summary>Rotates gradients back: the transposed rotation, in place.</summary>
    /// <param name="dx">[T, heads, headSize].</param>
    /// <param name="headSize">As in the forward.</param>
    /// <param name="tokenCount">T.</param>
    /// <param name="cosines">[T, rotated].</param>
    /// <param name="sines">[T, rotated].</param>
    public static void Backward(
        Span<float> dx, int headSize, int tokenCount, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines) =>
        Rotate(dx, headSize, tokenCount, cosines, sines, isBackward: true);

    private static void Rotate(
        Span<float> x,
        int headSize,
        int tokenCount,
        ReadOnlySpan<float> cosines,
        ReadOnlySpan<float> sines,
        bool isBackward)
    {
        if (tokenCount == 0)
        {
            return;
        }

        int width = x.Length / tokenCount;
        int rotated = cosines.Length / tokenCount;
        Shape.RequireLength(x.Length, (long)width * tokenCount, nameof(x));
        Shape.RequireLength(width, (long)(width / headSize) * headSize, nameof(x));
        Shape.RequireLength(cosines.Length, (long)Math.Min(rotated, headSize) * tokenCount, nameof(cosines));
        Shape.RequireLength(sines.Length, cosines.Length, nameof(sines));
        for (int token = 0; token < tokenCount; token++)
        {
            ReadOnlySpan<float> cosine = cosines.Slice(token * rotated, rotated);
            ReadOnlySpan<float> sine = sines.Slice(token * rotated, rotated);
            for (int head = 0; head < width; head += headSize)
            {
                RotateHead(x.Slice((token * width) + head, rotated), cosine, sine, isBackward);
            }
        }
    }

    private static void RotateHead(Span<float> x, ReadOnlySpan<float> cosine, ReadOnlySpan<float> sine, bool isBackward)
    {
        Vector256<float> direction = Vector256.Create(isBackward ? -1f : 1f);
        int i = 0;
        for (; i <= x.Length - VectorMath.Width; i += VectorMath.Width)
        {
            Vector256<float> pairs = VectorMath.Load(x, i);
            Vector256<float> swapped = Vector256.Shuffle(pairs, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6));
            Vector256<float> turned = swapped * (VectorMath.Load(sine, i) * direction);
            Vector256.FusedMultiplyAdd(pairs, VectorMath.Load(cosine, i), turned).CopyTo(x[i..]);
        }

        for (; i < x.Length; i += 2)
        {
            (float a, float b) = (x[i], x[i + 1]);
            x[i] = MathF.FusedMultiplyAdd(a, cosine[i], b * (sine[i] * direction[0]));
            x[i + 1] = MathF.FusedMultiplyAdd(b, cosine[i + 1], a * (sine[i + 1] * direction[0]));
        }
    }
}
