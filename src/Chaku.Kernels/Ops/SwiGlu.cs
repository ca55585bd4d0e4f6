using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>y = SiLU(gate) · up, with SiLU(z) = z / (1 + e⁻ᶻ).</summary>
/// <remarks>Source: arXiv:2002.05202.</remarks>
internal static class SwiGlu
{
    private const int FloatsPerItem = 8192;

    /// <summary>y = SiLU(gate) · up.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="gate">[n], float32.</param>
    /// <param name="up">[n].</param>
    /// <param name="y">[n]. May be <paramref name="gate"/> or <paramref name="up"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void Forward(ComputePool pool, ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y)
    {
        Shape.RequireLength(up.Length, gate.Length, nameof(up));
        Shape.RequireLength(y.Length, gate.Length, nameof(y));
        ForwardWork work = new(gate, up, y);
        pool.Run((gate.Length + FloatsPerItem - 1) / FloatsPerItem, ref work);
    }

    /// <summary>
    /// dGate = dy · up · σ · (1 + gate · (1 − σ)) and dUp = dy · gate · σ, with σ = 1 / (1 + e⁻ᵍᵃᵗᵉ); written in place.
    /// </summary>
    /// <param name="pool">Threads.</param>
    /// <param name="gate">[n], the forward's input; becomes dGate.</param>
    /// <param name="up">[n], the forward's input; becomes dUp.</param>
    /// <param name="dy">[n].</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public static void BackwardInPlace(ComputePool pool, Span<float> gate, Span<float> up, ReadOnlySpan<float> dy)
    {
        Shape.RequireLength(up.Length, gate.Length, nameof(up));
        Shape.RequireLength(dy.Length, gate.Length, nameof(dy));
        BackwardWork work = new(gate, up, dy);
        pool.Run((gate.Length + FloatsPerItem - 1) / FloatsPerItem, ref work);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Sigmoid(Vector256<float> z) =>
        Vector256<float>.One / (Vector256<float>.One + VectorMath.Exp(-z));

    private readonly ref struct ForwardWork(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y)
        : IParallelWork
    {
        private readonly ReadOnlySpan<float> _gate = gate;
        private readonly ReadOnlySpan<float> _up = up;
        private readonly Span<float> _y = y;

        public void Execute(int index, Scratch scratch)
        {
            int start = index * FloatsPerItem;
            int end = Math.Min(start + FloatsPerItem, _gate.Length);
            int i = start;
            for (; i <= end - VectorMath.Width; i += VectorMath.Width)
            {
                Multiply(VectorMath.Load(_gate, i), VectorMath.Load(_up, i)).CopyTo(_y[i..]);
            }

            if (i < end)
            {
                int count = end - i;
                Vector256<float> product = Multiply(
                    VectorMath.LoadTail(in _gate[i], count), VectorMath.LoadTail(in _up[i], count));
                VectorMath.StoreTail(product, ref _y[i], count);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<float> Multiply(Vector256<float> gate, Vector256<float> up) =>
            gate / (Vector256<float>.One + VectorMath.Exp(-gate)) * up;
    }

    private readonly ref struct BackwardWork(Span<float> gate, Span<float> up, ReadOnlySpan<float> dy) : IParallelWork
    {
        private readonly Span<float> _gate = gate;
        private readonly Span<float> _up = up;
        private readonly ReadOnlySpan<float> _dy = dy;

        public void Execute(int index, Scratch scratch)
        {
            int start = index * FloatsPerItem;
            int end = Math.Min(start + FloatsPerItem, _gate.Length);
            int i = start;
            for (; i <= end - VectorMath.Width; i += VectorMath.Width)
            {
                Vector256<float> gate = VectorMath.Load(_gate, i);
                Vector256<float> dProduct = VectorMath.Load(_dy, i);
                Vector256<float> sigmoid = Sigmoid(gate);
                DifferentiateGate(gate, VectorMath.Load(_up, i), sigmoid, dProduct).CopyTo(_gate[i..]);
                (dProduct * gate * sigmoid).CopyTo(_up[i..]);
            }

            if (i < end)
            {
                int count = end - i;
                Vector256<float> gate = VectorMath.LoadTail(in _gate[i], count);
                Vector256<float> dProduct = VectorMath.LoadTail(in _dy[i], count);
                Vector256<float> sigmoid = Sigmoid(gate);
                Vector256<float> up = VectorMath.LoadTail(in _up[i], count);
                VectorMath.StoreTail(DifferentiateGate(gate, up, sigmoid, dProduct), ref _gate[i], count);
                VectorMath.StoreTail(dProduct * gate * sigmoid, ref _up[i], count);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<float> DifferentiateGate(
            Vector256<float> gate, Vector256<float> up, Vector256<float> sigmoid, Vector256<float> dProduct)
        {
            Vector256<float> one = Vector256<float>.One;
            return dProduct * up * sigmoid * (one + (gate * (one - sigmoid)));
        }
    }
}
