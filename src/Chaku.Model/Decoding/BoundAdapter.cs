using Chaku.Kernels.Threading;
using Chaku.Model.Adapters;

namespace Chaku.Model.Decoding;

/// <summary>
/// An adapter fitted to one decoder: its factors by the number of the linear layer, and how strongly it acts.
/// </summary>
internal sealed class BoundAdapter
{
    private readonly LoraFactors?[] _factors;
    private readonly DoraScale?[] _scales;

    private BoundAdapter(LoraFactors?[] factors, float strength)
    {
        _factors = factors;
        _scales = new DoraScale?[factors.Length];
        Strength = strength;
    }

    /// <summary>Multiplies the adapter's own scale; 1 is as trained.</summary>
    public float Strength { get; }

    /// <summary>Fits an adapter.</summary>
    /// <exception cref="ArgumentException">
    /// It changes a matrix that the decoder lacks, or one of another shape.
    /// </exception>
    public static BoundAdapter Bind(Decoder decoder, LoraAdapter adapter, float strength = 1)
    {
        LoraFactors?[] factors = new LoraFactors?[decoder.Linears.Count];
        foreach ((string name, LoraFactors pair) in adapter.Factors)
        {
            Linear linear = decoder.Linears.FirstOrDefault(candidate => candidate.Name == name)
                ?? throw new ArgumentException($"the adapter changes '{name}', which the model does not have");
            if (pair.InputSize != linear.InputSize || pair.OutputSize != linear.OutputSize)
            {
                throw new ArgumentException(
                    $"the adapter changes '{name}' as [{pair.OutputSize}, {pair.InputSize}], " +
                    $"but the model's is [{linear.OutputSize}, {linear.InputSize}]");
            }

            factors[linear.Number] = pair;
        }

        return new BoundAdapter(factors, strength);
    }

    /// <summary>The factors for a linear layer; null where the adapter leaves it alone.</summary>
    public LoraFactors? For(Linear linear) => _factors[linear.Number];

    /// <summary>What a linear layer's outputs are multiplied with, computed once; null without DoRA.</summary>
    /// <param name="linear">The layer.</param>
    /// <param name="pool">Threads.</param>
    public DoraScale? ScaleOf(Linear linear, ComputePool pool) => For(linear) is { Magnitude: not null } factors
        ? _scales[linear.Number] ??= DoraScale.Of(pool, linear.Weight, factors, Strength)
        : null;

    /// <summary>Forgets what was computed of the factors: they have changed.</summary>
    public void Refresh() => Array.Clear(_scales);
}
