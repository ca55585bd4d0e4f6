using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>y = cap · tanh(x / cap): nearly x where x is small, never beyond ±cap.</summary>
/// <remarks>Source: arXiv:2408.00118.</remarks>
internal static class SoftCap
{
    /// <summary>x becomes cap · tanh(x / cap).</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="cap">Above 0.</param>
    /// <param name="x">[n], float32, in place.</param>
    public static void Forward(ComputePool pool, float cap, Span<float> x)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cap);
        ElementWise.Apply(pool, new Value(cap), x, x);
    }

    /// <summary>dx = dy · (1 − (y / cap)²), in place.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="cap">As in the forward.</param>
    /// <param name="y">[n], what the forward gave.</param>
    /// <param name="dy">[n]; becomes dx.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void BackwardInPlace(ComputePool pool, float cap, ReadOnlySpan<float> y, Span<float> dy)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cap);
        ElementWise.Multiply(pool, new Derivative(cap), y, dy, dy);
    }

    /// <summary>cap · tanh(x / cap).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Of(Vector256<float> x, Vector256<float> cap) => cap * VectorMath.Tanh(x / cap);

    /// <summary>The derivative, from what <see cref="Of"/> gave: 1 − (y / cap)².</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> DerivativeFrom(Vector256<float> y, Vector256<float> cap)
    {
        Vector256<float> ratio = y / cap;
        return Vector256<float>.One - (ratio * ratio);
    }

    private readonly struct Value(float cap) : IElementFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<float> At(Vector256<float> x) => Of(x, Vector256.Create(cap));
    }

    private readonly struct Derivative(float cap) : IElementFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<float> At(Vector256<float> y) => DerivativeFrom(y, Vector256.Create(cap));
    }
}
