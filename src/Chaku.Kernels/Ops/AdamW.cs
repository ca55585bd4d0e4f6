using System.Runtime.Intrinsics;

namespace Chaku.Kernels.Ops;

/// <summary>
/// One step of Adam with decoupled weight decay: p −= lr · wd · p, then p −= lr · m̂ / (√v̂ + ε).
/// </summary>
/// <remarks>
/// m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ), in the order of operations of PyTorch's. Source: arXiv:1711.05101.
/// </remarks>
/// <param name="Beta1">Decay of the mean.</param>
/// <param name="Beta2">Decay of the mean square.</param>
/// <param name="Epsilon">Added to the root.</param>
/// <param name="WeightDecay">Decoupled decay.</param>
internal sealed record AdamW(double Beta1, double Beta2, double Epsilon, double WeightDecay)
{
    /// <summary>Updates parameters in place.</summary>
    /// <param name="learningRate">This step's.</param>
    /// <param name="step">Counted from 1.</param>
    /// <param name="gradientScale">What gradients are multiplied with first: clipping.</param>
    /// <param name="gradient">[n].</param>
    /// <param name="parameters">[n].</param>
    /// <param name="mean">[n], 0 before the first step.</param>
    /// <param name="meanSquare">[n], 0 before the first step.</param>
    /// <exception cref="ArgumentException">Lengths disagree; the message has both.</exception>
    public void Step(
        double learningRate,
        long step,
        float gradientScale,
        ReadOnlySpan<float> gradient,
        Span<float> parameters,
        Span<float> mean,
        Span<float> meanSquare)
    {
        Shape.RequireLength(gradient.Length, parameters.Length, nameof(gradient));
        Shape.RequireLength(mean.Length, parameters.Length, nameof(mean));
        Shape.RequireLength(meanSquare.Length, parameters.Length, nameof(meanSquare));
        Factors factors = new(this, learningRate, step, gradientScale);
        int i = 0;
        for (; i <= parameters.Length - VectorMath.Width; i += VectorMath.Width)
        {
            Vector256<float> m = VectorMath.Load(mean, i);
            Vector256<float> v = VectorMath.Load(meanSquare, i);
            Vector256<float> p = VectorMath.Load(parameters, i);
            factors.Apply(VectorMath.Load(gradient, i), ref p, ref m, ref v);
            p.CopyTo(parameters[i..]);
            m.CopyTo(mean[i..]);
            v.CopyTo(meanSquare[i..]);
        }

        if (i < parameters.Length)
        {
            int count = parameters.Length - i;
            Vector256<float> m = VectorMath.LoadTail(in mean[i], count);
            Vector256<float> v = VectorMath.LoadTail(in meanSquare[i], count);
            Vector256<float> p = VectorMath.LoadTail(in parameters[i], count);
            factors.Apply(VectorMath.LoadTail(in gradient[i], count), ref p, ref m, ref v);
            VectorMath.StoreTail(p, ref parameters[i], count);
            VectorMath.StoreTail(m, ref mean[i], count);
            VectorMath.StoreTail(v, ref meanSquare[i], count);
        }
    }

    private readonly struct Factors
    {
        private readonly float _gradientScale;
        private readonly float _beta1;
        private readonly float _newMean;
        private readonly float _beta2;
        private readonly float _newSquare;
        private readonly float _keep;
        private readonly float _stepSize;
        private readonly float _rootCorrection;
        private readonly float _epsilon;

        public Factors(AdamW settings, double learningRate, long step, float gradientScale)
        {
            _gradientScale = gradientScale;
            _beta1 = (float)settings.Beta1;
            _newMean = (float)(1 - settings.Beta1);
            _beta2 = (float)settings.Beta2;
            _newSquare = (float)(1 - settings.Beta2);
            _keep = (float)(1 - (learningRate * settings.WeightDecay));
            _stepSize = (float)(learningRate / (1 - Math.Pow(settings.Beta1, step)));
            _rootCorrection = (float)Math.Sqrt(1 - Math.Pow(settings.Beta2, step));
            _epsilon = (float)settings.Epsilon;
        }

        public void Apply(
            Vector256<float> gradient, ref Vector256<float> p, ref Vector256<float> m, ref Vector256<float> v)
        {
            Vector256<float> g = gradient * _gradientScale;
            m = (m * _beta1) + (g * _newMean);
            v = (v * _beta2) + (g * g * _newSquare);
            Vector256<float> root = Vector256.Sqrt(v) / Vector256.Create(_rootCorrection);
            root += Vector256.Create(_epsilon);
            p = (p * _keep) - (m / root * _stepSize);
        }
    }
}
