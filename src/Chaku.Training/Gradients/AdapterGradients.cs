using Chaku.Model.Adapters;
using Chaku.Model.Decoding;

namespace Chaku.Training.Gradients;

/// <summary>The gradients of an adapter's factors, in the order of the decoder's linear layers.</summary>
internal sealed class AdapterGradients : GradientSet
{
    private readonly BoundAdapter _adapter;
    private readonly FactorGradients?[] _byNumber;
    private readonly List<FactorGradients> _all = [];

    /// <summary>Zero gradients for every matrix that an adapter changes.</summary>
    /// <param name="decoder">The model.</param>
    /// <param name="adapter">The adapter.</param>
    /// <param name="ratio">What the learning rate of B is multiplied with: LoRA+, arXiv:2402.12354.</param>
    public AdapterGradients(Decoder decoder, BoundAdapter adapter, double ratio = 1)
    {
        _adapter = adapter;
        _byNumber = new FactorGradients?[decoder.Linears.Count];
        foreach (Linear linear in decoder.Linears)
        {
            if (adapter.For(linear) is { } factors)
            {
                FactorGradients gradients = new(
                    linear,
                    factors,
                    Add(new TrainedTensor(linear.Name + ".lora_a", factors.A)),
                    Add(new TrainedTensor(linear.Name + ".lora_b", factors.TransposedB) { RateFactor = ratio }),
                    factors.Magnitude is { } magnitude
                        ? Add(new TrainedTensor(linear.Name + ".lora_magnitude", magnitude))
                        : null);
                _byNumber[linear.Number] = gradients;
                _all.Add(gradients);
            }
        }
    }

    /// <summary>The gradients of every changed matrix.</summary>
    public IReadOnlyList<FactorGradients> All => _all;

    /// <inheritdoc/>
    public override FactorGradients? For(Linear linear) => _byNumber[linear.Number];

    /// <inheritdoc/>
    public override void Refresh() => _adapter.Refresh();
}

/// <summary>The gradients of one matrix's factors.</summary>
/// <param name="linear">The linear layer.</param>
/// <param name="factors">Its factors.</param>
/// <param name="a">A.</param>
/// <param name="transposedB">Bᵀ.</param>
/// <param name="magnitude">m; null without DoRA.</param>
internal sealed class FactorGradients(
    Linear linear, LoraFactors factors, TrainedTensor a, TrainedTensor transposedB, TrainedTensor? magnitude)
{
    /// <summary>The linear layer.</summary>
    public Linear Linear => linear;

    /// <summary>Its factors.</summary>
    public LoraFactors Factors => factors;

    /// <summary>dA [r, in].</summary>
    public Span<float> A => a.Gradient;

    /// <summary>dBᵀ [r, out].</summary>
    public Span<float> TransposedB => transposedB.Gradient;

    /// <summary>dm [out]; empty without DoRA.</summary>
    public Span<float> Magnitude => magnitude is null ? [] : magnitude.Gradient;
}
