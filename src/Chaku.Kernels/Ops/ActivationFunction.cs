using Chaku.Kernels.Threading;

namespace Chaku.Kernels.Ops;

/// <summary>
/// The non-linear function of a feed forward, plain or gated: an entry of <see cref="ActivationFunctions.All"/>.
/// </summary>
internal abstract class ActivationFunction
{
    /// <summary>The name that a command line and a model's configuration use.</summary>
    public abstract string Name { get; }

    /// <summary>y = f(x).</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="x">[n], float32.</param>
    /// <param name="y">[n]. May be <paramref name="x"/> itself; may not overlap it otherwise.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public abstract void Forward(ComputePool pool, ReadOnlySpan<float> x, Span<float> y);

    /// <summary>dx = f'(x) · dy, written in place.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="x">[n], the forward's input; becomes dx.</param>
    /// <param name="dy">[n]; may not overlap <paramref name="x"/>.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public abstract void BackwardInPlace(ComputePool pool, Span<float> x, ReadOnlySpan<float> dy);

    /// <summary>y = f(gate) · up.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="gate">[n], float32.</param>
    /// <param name="up">[n].</param>
    /// <param name="y">[n]. May be <paramref name="gate"/> or <paramref name="up"/> itself.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    /// <remarks>Source: arXiv:2002.05202.</remarks>
    public abstract void ForwardGated(
        ComputePool pool, ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y);

    /// <summary>dGate = f'(gate) · up · dy and dUp = f(gate) · dy, written in place.</summary>
    /// <param name="pool">Threads.</param>
    /// <param name="gate">[n], the forward's input; becomes dGate.</param>
    /// <param name="up">[n], the forward's input; becomes dUp.</param>
    /// <param name="dy">[n]; may not overlap the others.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public abstract void BackwardGatedInPlace(
        ComputePool pool, Span<float> gate, Span<float> up, ReadOnlySpan<float> dy);
}
