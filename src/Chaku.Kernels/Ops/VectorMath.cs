using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Ops;

/// <summary>
/// Float32 arithmetic whose bits do not depend on the length of a span, on alignment or on the instruction set: every
/// function is written with 256-bit vectors, tails go through the same code.
/// </summary>
internal static class VectorMath
{
    /// <summary>Floats in a vector.</summary>
    public const int Width = 8;

    // Below it, e to the power of it is less than the smallest normal float32.
    private const float Lowest = -87.33654f;

    /// <summary>Σ lanes, as ((0+4)+(2+6)) + ((1+5)+(3+7)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> lanes)
    {
        Vector128<float> four = lanes.GetLower() + lanes.GetUpper();
        Vector128<float> two = four + Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1));
        return two.ToScalar() + two.GetElement(1);
    }

    /// <summary>The vector at an offset.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(ReadOnlySpan<float> source, int offset) =>
        Vector256.Create(source.Slice(offset, Width));

    /// <summary>A span's last, incomplete vector: its values, then <paramref name="fill"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Vector256<float> LoadTail(ref readonly float source, int count, float fill = 0)
    {
        Vector256<float> vector = Vector256.Create(fill);
        Span<float> lanes = MemoryMarshal.CreateSpan(ref Unsafe.As<Vector256<float>, float>(ref vector), Width);
        MemoryMarshal.CreateReadOnlySpan(in source, count).CopyTo(lanes);
        return vector;
    }

    /// <summary>Stores the first <paramref name="count"/> lanes.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void StoreTail(Vector256<float> vector, ref float destination, int count)
    {
        ReadOnlySpan<float> lanes =
            MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<Vector256<float>, float>(ref vector), Width);
        lanes[..count].CopyTo(MemoryMarshal.CreateSpan(ref destination, count));
    }

    /// <summary>eˣ within 2 units in the last place; 0 below −87.3, infinity above 88.7.</summary>
    /// <remarks>
    /// x = n·ln 2 + r with |r| ≤ ln 2 / 2, n·ln 2 taken away in two parts, and a polynomial of degree 6 in r.
    /// Source of the method and coefficients: Cephes, <c>expf</c>.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> x)
    {
        Vector256<float> low = Vector256.Create(Lowest);
        Vector256<float> high = Vector256.Create(88.72283f);
        (Vector256<float> p, Vector256<float> n) = Reduced(Vector256.MinNative(Vector256.MaxNative(x, low), high));

        // n = 128 has no float32 power of two: it is applied in two halves.
        Vector256<int> exponent = Vector256.ConvertToInt32Native(n);
        Vector256<int> half = exponent >> 1;
        Vector256<float> y = p * PowerOfTwo(half) * PowerOfTwo(exponent - half);
        y = Vector256.ConditionalSelect(Vector256.LessThan(x, low), Vector256<float>.Zero, y);
        y = Vector256.ConditionalSelect(
            Vector256.GreaterThan(x, high), Vector256.Create(float.PositiveInfinity), y);
        return Vector256.ConditionalSelect(Vector256.Equals(x, x), y, x);
    }

    /// <summary>eˣ for x ≤ 0, with the bits of <see cref="Exp(Vector256{float})"/>, in fewer steps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ExpOfNegative(Vector256<float> x)
    {
        Vector256<float> low = Vector256.Create(Lowest);
        (Vector256<float> p, Vector256<float> n) = Reduced(Vector256.MaxNative(x, low));

        // n is at least −126, and −0.5 · ln 2 or above gives n = 0: one power of two is enough.
        Vector256<float> y = p * PowerOfTwo(Vector256.ConvertToInt32Native(n));
        y = Vector256.AndNot(y, Vector256.LessThan(x, low));
        return Vector256.ConditionalSelect(Vector256.Equals(x, x), y, x);
    }

    /// <summary>eˣ of one value: the same bits as a lane of the vector function.</summary>
    public static float Exp(float x) => Exp(Vector256.Create(x)).ToScalar();

    /// <summary>tanh x within 2 units in the last place.</summary>
    /// <remarks>
    /// An odd polynomial of degree 11 below 0.625, 1 − 2 / (e²ˣ + 1) above it. Source of the method and coefficients:
    /// Cephes, <c>tanhf</c>.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Tanh(Vector256<float> x)
    {
        Vector256<float> magnitude = Vector256.Abs(x);
        Vector256<float> square = x * x;
        Vector256<float> p = Vector256.Create(-5.70498872745e-3f);
        p = Vector256.FusedMultiplyAdd(p, square, Vector256.Create(2.06390887954e-2f));
        p = Vector256.FusedMultiplyAdd(p, square, Vector256.Create(-5.37397155531e-2f));
        p = Vector256.FusedMultiplyAdd(p, square, Vector256.Create(1.33314422036e-1f));
        p = Vector256.FusedMultiplyAdd(p, square, Vector256.Create(-3.33332819422e-1f));
        Vector256<float> small = Vector256.FusedMultiplyAdd(p * square, x, x);
        Vector256<float> one = Vector256<float>.One;
        Vector256<float> large = one - (Vector256.Create(2f) / (Exp(magnitude + magnitude) + one));
        return Vector256.ConditionalSelect(
            Vector256.LessThan(magnitude, Vector256.Create(0.625f)), small, Vector256.CopySign(large, x));
    }

    /// <summary>1 − erf x for x ≥ 0, within 1.5e-7; in the tail within some 1e-6 of itself, at infinity 0.</summary>
    /// <remarks>
    /// Below 1 an odd polynomial of degree 11, above it e^(−x²) · t · p(t) with t = 1 / (1 + 0.38·x), Hastings' form
    /// (Abramowitz and Stegun, 7.1.26). Both polynomials interpolate at Chebyshev points, p at those of t for x in
    /// [0, 10]; their relative errors are 4.3e-8 and 2.4e-8.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Erfc(Vector256<float> x)
    {
        Vector256<float> one = Vector256<float>.One;
        Vector256<float> square = x * x;
        Vector256<float> q = Vector256.Create(-5.648059866e-4f);
        q = Vector256.FusedMultiplyAdd(q, square, Vector256.Create(4.921762028e-3f));
        q = Vector256.FusedMultiplyAdd(q, square, Vector256.Create(-2.671505423e-2f));
        q = Vector256.FusedMultiplyAdd(q, square, Vector256.Create(1.128031665e-1f));
        q = Vector256.FusedMultiplyAdd(q, square, Vector256.Create(-3.761234378e-1f));
        q = Vector256.FusedMultiplyAdd(q, square, Vector256.Create(1.128379126f));

        Vector256<float> t = one / Vector256.FusedMultiplyAdd(Vector256.Create(0.38f), x, one);
        Vector256<float> p = Vector256.Create(5.96302661e-2f);
        p = Vector256.FusedMultiplyAdd(p, t, Vector256.Create(-2.655923359e-1f));
        p = Vector256.FusedMultiplyAdd(p, t, Vector256.Create(3.708774667e-1f));
        p = Vector256.FusedMultiplyAdd(p, t, Vector256.Create(-1.696750403e-1f));
        p = Vector256.FusedMultiplyAdd(p, t, Vector256.Create(2.358204291e-1f));
        p = Vector256.FusedMultiplyAdd(p, t, Vector256.Create(1.361374849e-1f));
        p = Vector256.FusedMultiplyAdd(p, t, Vector256.Create(2.045581541e-1f));
        p = Vector256.FusedMultiplyAdd(p, t, Vector256.Create(2.138272077e-1f));
        p = Vector256.FusedMultiplyAdd(p, t, Vector256.Create(2.144163877e-1f));
        return Vector256.ConditionalSelect(
            Vector256.LessThan(x, one), one - (x * q), p * t * Exp(-square));
    }

    /// <summary>Σ x: 8 chains, chain j over i ≡ j (mod 8), added as in <see cref="Sum"/>.</summary>
    public static float Total(ReadOnlySpan<float> x)
    {
        Vector256<float> sum = Vector256<float>.Zero;
        int i = 0;
        for (; i <= x.Length - Width; i += Width)
        {
            sum += Load(x, i);
        }

        if (i < x.Length)
        {
            sum += LoadTail(in x[i], x.Length - i);
        }

        return Sum(sum);
    }

    /// <summary>destination += source.</summary>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Add(ReadOnlySpan<float> source, Span<float> destination)
    {
        Shape.RequireLength(source.Length, destination.Length, nameof(source));
        int i = 0;
        for (; i <= source.Length - Width; i += Width)
        {
            (Load(source, i) + Load(destination, i)).CopyTo(destination[i..]);
        }

        for (; i < source.Length; i++)
        {
            destination[i] += source[i];
        }
    }

    /// <summary>destination = fma(scale, source, destination).</summary>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void AddScaled(float scale, ReadOnlySpan<float> source, Span<float> destination)
    {
        Shape.RequireLength(source.Length, destination.Length, nameof(source));
        Vector256<float> scales = Vector256.Create(scale);
        int i = 0;
        for (; i <= source.Length - Width; i += Width)
        {
            Vector256.FusedMultiplyAdd(scales, Load(source, i), Load(destination, i)).CopyTo(destination[i..]);
        }

        for (; i < source.Length; i++)
        {
            destination[i] = MathF.FusedMultiplyAdd(scale, source[i], destination[i]);
        }
    }

    /// <summary>values *= scale.</summary>
    public static void Scale(float scale, Span<float> values)
    {
        Vector256<float> scales = Vector256.Create(scale);
        int i = 0;
        for (; i <= values.Length - Width; i += Width)
        {
            (Load(values, i) * scales).CopyTo(values[i..]);
        }

        for (; i < values.Length; i++)
        {
            values[i] *= scale;
        }
    }

    /// <summary>Σ a·b: 8 FMA chains, chain j over i ≡ j (mod 8), added as in <see cref="Sum"/>.</summary>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Shape.RequireLength(a.Length, b.Length, nameof(a));
        Vector256<float> sum = Vector256<float>.Zero;
        int i = 0;
        for (; i <= a.Length - Width; i += Width)
        {
            sum = Vector256.FusedMultiplyAdd(Load(a, i), Load(b, i), sum);
        }

        if (i < a.Length)
        {
            sum = Vector256.FusedMultiplyAdd(LoadTail(in a[i], a.Length - i), LoadTail(in b[i], a.Length - i), sum);
        }

        return Sum(sum);
    }

    // e^r and n of x = n·ln 2 + r.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> Power, Vector256<float> Exponent) Reduced(Vector256<float> x)
    {
        Vector256<float> n = Vector256.Round(x * 1.44269504f);
        Vector256<float> r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-0.693359375f), x);
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(2.12194440e-4f), r);

        Vector256<float> p = Vector256.Create(1.9875691500e-4f);
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.3981999507e-3f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(8.3334519073e-3f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(4.1665795894e-2f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.6666665459e-1f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(5.0000001201e-1f));
        return (Vector256.FusedMultiplyAdd(p, r * r, r) + Vector256<float>.One, n);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> PowerOfTwo(Vector256<int> exponent) =>
        ((exponent + Vector256.Create(127)) << 23).AsSingle();
}
