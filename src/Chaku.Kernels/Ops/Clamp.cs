using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>y = x, but no further than ±limit.</summary>
internal static class Clamp
{
    /// <summary>x is limited to ±limit; not a number stays what it is.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="limit">Above 0.</param>
    /// <param name="x">[n], float32, in place.</param>
    public static void Forward(ComputePool pool, float limit, Span<float> x)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        ElementWise.Apply(pool, new Value(limit), x, x);
    }

    /// <summary>dx = dy where the limit was not reached, 0 where it was; in place.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="limit">As in the forward.</param>
    /// <param name="y">[n], what the forward gave.</param>
    /// <param name="dy">[n]; becomes dx.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void BackwardInPlace(ComputePool pool, float limit, ReadOnlySpan<float> y, Span<float> dy)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        ElementWise.Multiply(pool, new Derivative(limit), y, dy, dy);
    }

    private readonly struct Value(float limit) : IElementFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<float> At(Vector256<float> x)
        {
            Vector256<float> limits = Vector256.Create(limit);
            return Vector256.ConditionalSelect(
                Vector256.GreaterThan(Vector256.Abs(x), limits), Vector256.CopySign(limits, x), x);
        }
    }

    private readonly struct Derivative(float limit) : IElementFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<float> At(Vector256<float> y) =>
            Vector256.LessThan(Vector256.Abs(y), Vector256.Create(limit)) & Vector256<float>.One;
    }
}
