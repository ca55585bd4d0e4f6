using Chaku.Kernels.Memory;
using Chaku.Kernels.Ops;
using Chaku.Model.Adapters;
using Chaku.Model.Decoding;

namespace Chaku.Training.Gradients;

/// <summary>The gradients of an adapter's factors, in the order of the decoder's linear layers.</summary>
internal sealed class AdapterGradients : IDisposable
{
    private readonly FactorGradients?[] _byNumber;
    private readonly List<FactorGradients> _all = [];

    /// <summary>Zero gradients for every matrix that an adapter changes.</summary>
    public AdapterGradients(Decoder decoder, BoundAdapter adapter)
    {
        _byNumber = new FactorGradients?[decoder.Linears.Count];
        foreach (Linear linear in decoder.Linears)
        {
            if (adapter.For(linear) is { } factors)
            {
                _byNumber[linear.Number] = new FactorGradients(linear, factors);
                _all.Add(_byNumber[linear.Number]!);
            }
        }
    }

    /// <summary>Every pair of gradients.</summary>
    public IReadOnlyList<FactorGradients> All => _all;

    /// <summary>The gradients of one linear layer's factors; null where it has none.</summary>
    public FactorGradients? For(Linear linear) => _byNumber[linear.Number];

    /// <summary>Sets all to zero.</summary>
    public void Clear()
    {
        foreach (FactorGradients gradients in _all)
        {
            gradients.A.Clear();
            gradients.TransposedB.Clear();
        }
    }

    /// <summary>√Σ g², summed tensor after tensor.</summary>
    public double Norm()
    {
        double sum = 0;
        foreach (FactorGradients gradients in _all)
        {
            sum += VectorMath.Dot(gradients.A, gradients.A);
            sum += VectorMath.Dot(gradients.TransposedB, gradients.TransposedB);
        }

        return Math.Sqrt(sum);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (FactorGradients gradients in _all)
        {
            gradients.Dispose();
        }
    }
}

/// <summary>The gradients of one pair of factors.</summary>
internal sealed class FactorGradients(Linear linear, LoraFactors factors) : IDisposable
{
    private readonly NativeBuffer _a = new((long)factors.Rank * factors.InputSize * sizeof(float));
    private readonly NativeBuffer _b = new((long)factors.Rank * factors.OutputSize * sizeof(float));

    /// <summary>The linear layer.</summary>
    public Linear Linear => linear;

    /// <summary>Its factors.</summary>
    public LoraFactors Factors => factors;

    /// <summary>dA [r, in].</summary>
    public Span<float> A => _a.Span<float>(0, factors.Rank * factors.InputSize);

    /// <summary>dBᵀ [r, out].</summary>
    public Span<float> TransposedB => _b.Span<float>(0, factors.Rank * factors.OutputSize);

    /// <inheritdoc/>
    public void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
    }
}
