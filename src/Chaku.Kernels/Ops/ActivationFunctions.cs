using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>The formula of an activation function, of 8 floats at a time.</summary>
internal interface IActivation
{
    /// <summary>The function's name.</summary>
    static abstract string Name { get; }

    /// <summary>f(x); finite where x is, at infinity the limit, and not a number where x is none.</summary>
    static abstract Vector256<float> Value(Vector256<float> x);

    /// <summary>f'(x); finite where x is, and at infinity the limit.</summary>
    static abstract Vector256<float> Derivative(Vector256<float> x);
}

/// <summary>The table of activation functions. A new one is one formula and one entry here.</summary>
internal static class ActivationFunctions
{
    /// <summary>x / (1 + e⁻ˣ).</summary>
    public static readonly ActivationFunction Silu = new Entry<SiluFormula>();

    /// <summary>x · (1 + erf(x / √2)) / 2.</summary>
    public static readonly ActivationFunction Gelu = new Entry<GeluFormula>();

    /// <summary>x · (1 + tanh(√(2/π) · (x + 0.044715·x³))) / 2.</summary>
    public static readonly ActivationFunction GeluTanh = new Entry<GeluTanhFormula>();

    /// <summary>The larger of x and 0.</summary>
    public static readonly ActivationFunction Relu = new Entry<ReluFormula>();

    /// <summary>Every activation function.</summary>
    public static readonly IReadOnlyList<ActivationFunction> All = [Silu, Gelu, GeluTanh, Relu];

    // The limit where x is below it; not a number stays what it is.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> AtLeast(float limit, Vector256<float> x) => Vector256.ConditionalSelect(
        Vector256.LessThan(x, Vector256.Create(limit)), Vector256.Create(limit), x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Within(float limit, Vector256<float> x) => Vector256.ConditionalSelect(
        Vector256.GreaterThan(x, Vector256.Create(limit)), Vector256.Create(limit), AtLeast(-limit, x));

    private sealed class Entry<TActivation> : ActivationFunction
        where TActivation : struct, IActivation
    {
        public override string Name => TActivation.Name;

        public override void Forward(ComputePool pool, ReadOnlySpan<float> x, Span<float> y) =>
            ElementWise.Apply(pool, default(ValueOf<TActivation>), x, y);

        public override void BackwardInPlace(ComputePool pool, Span<float> x, ReadOnlySpan<float> dy) =>
            ElementWise.Multiply(pool, default(DerivativeOf<TActivation>), x, dy, x);

        public override void ForwardGated(
            ComputePool pool, ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y) =>
            ElementWise.Multiply(pool, default(ValueOf<TActivation>), gate, up, y);

        public override void BackwardGatedInPlace(
            ComputePool pool, Span<float> gate, Span<float> up, ReadOnlySpan<float> dy) =>
            ElementWise.MultiplyBoth(
                pool, default(DerivativeOf<TActivation>), default(ValueOf<TActivation>), gate, up, dy);
    }

    private readonly struct ValueOf<TActivation> : IElementFunction
        where TActivation : struct, IActivation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<float> At(Vector256<float> x) => TActivation.Value(x);
    }

    private readonly struct DerivativeOf<TActivation> : IElementFunction
        where TActivation : struct, IActivation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<float> At(Vector256<float> x) => TActivation.Derivative(x);
    }

    private readonly struct SiluFormula : IActivation
    {
        public static string Name => "silu";

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Value(Vector256<float> x) =>
            AtLeast(-1e30f, x) / (Vector256<float>.One + VectorMath.Exp(-x));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Derivative(Vector256<float> x)
        {
            Vector256<float> one = Vector256<float>.One;
            Vector256<float> sigmoid = one / (one + VectorMath.Exp(-x));
            return sigmoid * (one + (Within(1e30f, x) * (one - sigmoid)));
        }
    }

    /// <remarks>Source: arXiv:1606.08415. With the distribution's tail, so that nothing cancels below 0.</remarks>
    private readonly struct GeluFormula : IActivation
    {
        // Below it the distribution is 0 in float32, above its negative 1.
        private const float Lowest = -15f;
        private const float InverseRootOfTwo = 0.707106781f;
        private const float DensityAtZero = 0.398942280f;

        public static string Name => "gelu";

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Value(Vector256<float> x) => AtLeast(Lowest, x) * Distribution(x);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Derivative(Vector256<float> x)
        {
            Vector256<float> near = Within(-Lowest, x);
            Vector256<float> density =
                Vector256.Create(DensityAtZero) * VectorMath.Exp(Vector256.Create(-0.5f) * near * near);
            return Vector256.FusedMultiplyAdd(near, density, Distribution(x));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<float> Distribution(Vector256<float> x)
        {
            Vector256<float> tail = Vector256.Create(0.5f)
                * VectorMath.Erfc(Vector256.Abs(x) * Vector256.Create(InverseRootOfTwo));
            return Vector256.ConditionalSelect(
                Vector256.LessThan(x, Vector256<float>.Zero), tail, Vector256<float>.One - tail);
        }
    }

    /// <remarks>Source: arXiv:1606.08415. (1 + tanh u) / 2 = 1 / (1 + e⁻²ᵘ), which cancels nowhere.</remarks>
    private readonly struct GeluTanhFormula : IActivation
    {
        // Beyond it the sigmoid is 0 or 1 in float32.
        private const float Farthest = 15f;
        private const float Linear = 1.59576912f;
        private const float Cubic = 0.0713548163f;

        public static string Name => "gelu-tanh";

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Value(Vector256<float> x) =>
            AtLeast(-Farthest, x) * Sigmoid(Within(Farthest, x));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Derivative(Vector256<float> x)
        {
            Vector256<float> near = Within(Farthest, x);
            Vector256<float> sigmoid = Sigmoid(near);
            Vector256<float> slope = Vector256.FusedMultiplyAdd(
                Vector256.Create(3 * Cubic), near * near, Vector256.Create(Linear));
            return Vector256.FusedMultiplyAdd(
                near * slope, sigmoid * (Vector256<float>.One - sigmoid), sigmoid);
        }

        // 1 / (1 + e⁻²ᵘ), with 2u = 2·√(2/π) · (x + 0.044715·x³).
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<float> Sigmoid(Vector256<float> x)
        {
            Vector256<float> twice =
                x * Vector256.FusedMultiplyAdd(Vector256.Create(Cubic), x * x, Vector256.Create(Linear));
            return Vector256<float>.One / (Vector256<float>.One + VectorMath.Exp(-twice));
        }
    }

    private readonly struct ReluFormula : IActivation
    {
        public static string Name => "relu";

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Value(Vector256<float> x) => AtLeast(0, x);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Derivative(Vector256<float> x) => Vector256.ConditionalSelect(
            Vector256.GreaterThan(x, Vector256<float>.Zero), Vector256<float>.One, Vector256<float>.Zero);
    }
}
